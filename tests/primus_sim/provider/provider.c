/* The entry points of PKCS#11 that are about the library, its slots, its tokens and the login. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

#define MANUFACTURER "Securosys SA"
#define MODEL "Primus HSM"

static const CK_VERSION PROVIDER_VERSION = {2, 2};

struct sim sim;

/* One lock around everything: the connection of a slot is shared by its sessions. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void wipe(void *memory, size_t size) {
    explicit_bzero(memory, size);
}

void *grow(void *array, size_t count, size_t size) {
    void *grown = reallocarray(array, count ? count : 1, size);
    if (!grown) abort();
    return grown;
}

char *copy_text(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(grow(NULL, size, 1), text, size);
}

void pad(CK_UTF8CHAR *field, size_t size, const char *text) {
    memset(field, ' ', size);
    size_t length = strlen(text);
    memcpy(field, text, length < size ? length : size);
}

/* A child process has to initialise for itself (PKCS#11, "Applications and processes"). */
static bool is_initialized(void) {
    return sim.initialized && sim.process == getpid();
}

static CK_RV begin(const char *function) {
    pthread_mutex_lock(&lock);
    if (!is_initialized()) return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (sim.config.log.inout) LOG(sim.config.log.level, function, "enter");
    return CKR_OK;
}

CK_RV enter(const char *function) {
    CK_RV rv = begin(function);
    return rv == CKR_OK ? misbehave(function, NULL) : rv;
}

CK_RV enter_slot(const char *function, CK_SLOT_ID id, struct slot **slot) {
    CK_RV rv = begin(function);
    if (rv != CKR_OK) return rv;
    for (size_t i = 0; i < sim.config.slot_count; i++) {
        *slot = &sim.config.slots[i];
        if ((*slot)->id == id) return misbehave(function, *slot);
    }
    return CKR_SLOT_ID_INVALID;
}

CK_RV enter_session(const char *function, CK_SESSION_HANDLE handle, bool makes_session_object,
                    struct session **session) {
    CK_RV rv = begin(function);
    if (rv != CKR_OK) return rv;
    *session = session_find(handle);
    if (!*session) return CKR_SESSION_HANDLE_INVALID;
    rv = misbehave(function, (*session)->slot);
    if (rv != CKR_OK) return rv;
    struct line request, answer;
    request_begin(&request, "CALL");
    request_add(&request, "function", function);
    if (makes_session_object) request_add(&request, "objects", "session");
    return slot_ask((*session)->slot, &request, &answer);
}

CK_RV leave(const char *function, CK_RV rv) {
    if (is_initialized() && rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL) LOG_RV(function, rv);
    if (is_initialized() && sim.config.log.inout) LOG(sim.config.log.level, function, "leave");
    pthread_mutex_unlock(&lock);
    return rv;
}

static void tear_down(void) {
    sessions_close(NULL);
    for (size_t i = 0; i < sim.config.slot_count; i++) slot_disconnect(&sim.config.slots[i]);
    backends_finalize();
    log_close();
    secrets_free();
    config_free(&sim.config);
    switches_free(&sim.switches);
    sim.initialized = false;
}

static CK_RV connect_all(void) {
    size_t connected = 0;
    CK_RV failure = CKR_OK;
    for (size_t i = 0; i < sim.config.slot_count; i++) {
        CK_RV rv = slot_connect(&sim.config.slots[i]);
        if (rv == CKR_OK)
            connected++;
        else
            failure = rv;
    }
    bool fails = (sim.switches.init == INIT_FAILS_IF_ANY && connected < sim.config.slot_count) ||
                 (sim.switches.init == INIT_FAILS_IF_NONE && !connected);
    return fails ? failure : CKR_OK;
}

static CK_RV initialize(const CK_C_INITIALIZE_ARGS *arguments) {
    if (is_initialized()) return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    if (arguments && arguments->pReserved) return CKR_ARGUMENTS_BAD;
    if (sim.initialized) tear_down(); /* the parent's state, after a fork */
    switches_load(&sim.switches);
    CK_RV cause = config_load(&sim.config);
    log_open();
    if (cause != CKR_OK) {
        LOG_RV("Config_Load", cause);
        return shown(cause, CKR_GENERAL_ERROR);
    }
    CK_RV rv = misbehave("C_Initialize", NULL);
    if (rv != CKR_OK) return rv;
    secrets_load();
    connections_begin();
    return sim.config.connect_on_init ? connect_all() : CKR_OK;
}

CK_RV C_Initialize(void *arguments) {
    pthread_mutex_lock(&lock);
    CK_RV rv = initialize(arguments);
    if (rv == CKR_OK) {
        sim.initialized = true;
        sim.process = getpid();
    } else if (rv != CKR_CRYPTOKI_ALREADY_INITIALIZED && rv != CKR_ARGUMENTS_BAD) {
        LOG_RV("C_Initialize", rv);
        tear_down();
    }
    pthread_mutex_unlock(&lock);
    return rv;
}

CK_RV C_Finalize(void *reserved) {
    CK_RV rv = enter("C_Finalize");
    if (rv == CKR_OK && reserved) rv = CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK) tear_down();
    return leave("C_Finalize", rv);
}

CK_RV C_GetInfo(CK_INFO *info) {
    CK_RV rv = enter("C_GetInfo");
    if (rv == CKR_OK && !info) rv = CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK) {
        *info = (CK_INFO){.cryptokiVersion = {2, 40}, .libraryVersion = PROVIDER_VERSION};
        pad(info->manufacturerID, sizeof info->manufacturerID, MANUFACTURER);
        pad(info->libraryDescription, sizeof info->libraryDescription, "Primus HSM PKCS#11");
    }
    return leave("C_GetInfo", rv);
}

CK_RV C_GetSlotList(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count) {
    CK_RV rv = enter("C_GetSlotList");
    if (rv == CKR_OK && !count) rv = CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK) {
        CK_ULONG found = 0, room = *count;
        for (size_t i = 0; i < sim.config.slot_count; i++) {
            struct slot *slot = &sim.config.slots[i];
            if (present && !sim.switches.list_all && slot_connect(slot) != CKR_OK) continue;
            if (list && found < room) list[found] = slot->id;
            found++;
        }
        *count = found;
        if (list && found > room) rv = CKR_BUFFER_TOO_SMALL;
    }
    return leave("C_GetSlotList", rv);
}

/* RP-2.10.0-T is 2.10 in the places that PKCS#11 has for it. */
static CK_VERSION firmware_version(const char *firmware) {
    unsigned major = 0, minor = 0;
    const char *digits = strpbrk(firmware, "0123456789");
    if (!digits || sscanf(digits, "%3u.%3u", &major, &minor) != 2) return (CK_VERSION){0, 0};
    return (CK_VERSION){(CK_BYTE)major, (CK_BYTE)minor};
}

CK_RV C_GetSlotInfo(CK_SLOT_ID id, CK_SLOT_INFO *info) {
    struct slot *slot;
    struct line status;
    CK_RV rv = enter_slot("C_GetSlotInfo", id, &slot);
    if (rv == CKR_OK && !info) rv = CKR_ARGUMENTS_BAD;
    /* Documented: already this function says that there is no token, where PKCS#11 has a flag for it. */
    if (rv == CKR_OK) rv = slot_status(slot, &status);
    if (rv == CKR_OK) {
        *info = (CK_SLOT_INFO){.flags = CKF_TOKEN_PRESENT | CKF_HW_SLOT,
                               .hardwareVersion = firmware_version(slot->firmware),
                               .firmwareVersion = PROVIDER_VERSION};
        pad(info->slotDescription, sizeof info->slotDescription, MODEL " slot");
        pad(info->manufacturerID, sizeof info->manufacturerID, MANUFACTURER);
    }
    return leave("C_GetSlotInfo", rv);
}

static CK_FLAGS pin_flags(const struct line *status) {
    char words[64];
    CK_FLAGS flags = 0;
    if (!sim.switches.pin_flags || !answer_get(status, "pin_flags", words, sizeof words)) return 0;
    if (strstr(words, "low")) flags |= CKF_USER_PIN_COUNT_LOW;
    if (strstr(words, "final")) flags |= CKF_USER_PIN_FINAL_TRY;
    if (strstr(words, "locked")) flags |= CKF_USER_PIN_LOCKED;
    return flags;
}

static CK_RV token_info(struct slot *slot, CK_TOKEN_INFO *info) {
    struct line status;
    CK_RV rv = slot_status(slot, &status);
    if (rv == CKR_OK) rv = INNER(slot->backend, C_GetTokenInfo)(slot->inner, info);
    if (rv != CKR_OK) return rv;
    info->flags &= ~(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED | CKF_SO_PIN_COUNT_LOW |
                     CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED);
    info->flags |= pin_flags(&status);
    info->hardwareVersion = firmware_version(slot->firmware);
    info->firmwareVersion = PROVIDER_VERSION;
    pad(info->label, sizeof info->label, slot->label);
    pad(info->manufacturerID, sizeof info->manufacturerID, MANUFACTURER);
    pad(info->model, sizeof info->model, MODEL);
    pad(info->serialNumber, sizeof info->serialNumber, slot->serial);
    return CKR_OK;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID id, CK_TOKEN_INFO *info) {
    struct slot *slot;
    CK_RV rv = enter_slot("C_GetTokenInfo", id, &slot);
    if (rv == CKR_OK) rv = info ? token_info(slot, info) : CKR_ARGUMENTS_BAD;
    return leave("C_GetTokenInfo", rv);
}

CK_RV C_GetMechanismList(CK_SLOT_ID id, CK_MECHANISM_TYPE *list, CK_ULONG *count) {
    struct slot *slot;
    struct line status;
    CK_RV rv = enter_slot("C_GetMechanismList", id, &slot);
    if (rv == CKR_OK) rv = slot_status(slot, &status);
    if (rv == CKR_OK) rv = INNER(slot->backend, C_GetMechanismList)(slot->inner, list, count);
    return leave("C_GetMechanismList", rv);
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info) {
    struct slot *slot;
    struct line status;
    CK_RV rv = enter_slot("C_GetMechanismInfo", id, &slot);
    if (rv == CKR_OK) rv = slot_status(slot, &status);
    if (rv == CKR_OK) rv = INNER(slot->backend, C_GetMechanismInfo)(slot->inner, type, info);
    return leave("C_GetMechanismInfo", rv);
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *id, void *reserved) {
    (void)id;
    (void)reserved;
    CK_RV rv = enter("C_WaitForSlotEvent");
    if (rv == CKR_OK) rv = flags & CKF_DONT_BLOCK ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
    return leave("C_WaitForSlotEvent", rv);
}

/* Partitions and their PINs are made by the HSM's security officer, not through PKCS#11. */
CK_RV C_InitToken(CK_SLOT_ID id, CK_BYTE *pin, CK_ULONG size, CK_UTF8CHAR *label) {
    struct slot *slot;
    (void)pin;
    (void)size;
    (void)label;
    CK_RV rv = enter_slot("C_InitToken", id, &slot);
    return leave("C_InitToken", rv == CKR_OK ? CKR_FUNCTION_NOT_SUPPORTED : rv);
}
