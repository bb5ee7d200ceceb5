/* A PKCS#11 module that misbehaves on demand: stands in for a vendor's library in tests.
 *
 * Its switches are lines of a control file beside the library (NAME.so reads NAME.so.control), so that every
 * copy of the library has its own and nothing travels through the environment. The file is read when the
 * library is loaded and again at each C_Initialize. A line is words separated by blanks; a word writes any
 * byte as %XX (as URLs do), so that labels may hold blanks. Lines:
 *
 *   slot ID LABEL            a slot whose token has this label; without LABEL a slot without a token
 *   no-slots                 there are none
 *   (neither of both)        slots come from the libconfig file that SECUROSYS_PKCS11_CONF names: each
 *                            primus.hsms.*.slots.* group gives one (id, user_name); equal ids make one slot
 *   pin LABEL PIN            the PIN of a token (LABEL * for all others; without any: 1234)
 *   tries N                  wrong PINs until a token is locked (default 3); counted by label, across processes
 *   pin-flags shown|hidden   whether the token tells COUNT_LOW, FINAL_TRY and LOCKED (default shown)
 *   sessions N               most sessions that a token takes in a process (default: any number)
 *   manufacturer TEXT, model TEXT, version MAJOR.MINOR (library), firmware MAJOR.MINOR (HSM)
 *   records FOLDER           where journal, configurations and PIN counters are written
 *   fault FUNCTION AT ACTION [ARGUMENT …]
 *
 * FUNCTION is a PKCS#11 name, * for all of them, or load or unload (constructor and destructor of the library).
 * AT is * or a slot by its id, its label, or where the configuration says that it is: HOST or HOST:PORT. At a
 * function that names no slot (C_Initialize, …) AT means: one of the module's slots is such a one.
 * Faults are carried out in the order of their lines, until one decides the call. ACTIONs:
 *
 *   print [TEXT]             TEXT by printf and by write(), to stdout and to stderr
 *   delay MILLISECONDS
 *   log FUNCTION TEXT        a line of level 3 in the provider's log, as if FUNCTION had failed inside
 *   close FD
 *   signals                  ignores SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD and SIGALRM
 *   return RV                decides: answers with this value (0x…)
 *   exit STATUS              decides: exit(STATUS)
 *   crash | abort            decides: SIGSEGV, SIGABRT
 *   hang                     decides: never comes back; SIGTERM ends it
 *   hang-hard                decides: never comes back; only SIGKILL ends it
 *
 * What it did stands in records/journal (see odd_records.c). The provider's log is written to primus.log.file of
 * the configuration, in the provider's form, for answers that are failures (level 3); with trace_mask 1 it shows
 * the inputs of C_Login, PIN included, as such libraries do.
 *
 * A process forked from one that had initialised the module has to initialise it anew.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "odd_module.h"

#define MAX_SESSIONS 4096

typedef struct {
    bool open;
    CK_FLAGS flags;
    odd_slot *slot;
} session_entry;

static session_entry sessions[MAX_SESSIONS];
static pid_t initialised_by;

static bool initialised(void) { return initialised_by == getpid(); }

static void fill(CK_UTF8CHAR *field, size_t size, const char *text) {
    size_t length = strnlen(text, size);
    memset(field, ' ', size);
    memcpy(field, text, length);
}

static odd_slot *slot_of(CK_SLOT_ID id) {
    for (CK_ULONG i = 0; i < odd.slot_count; i++)
        if (odd.slots[i].id == id) return &odd.slots[i];
    return NULL;
}

static session_entry *session_of(CK_SESSION_HANDLE handle) {
    if (handle == 0 || handle > MAX_SESSIONS || !sessions[handle - 1].open) return NULL;
    return &sessions[handle - 1];
}

static CK_ULONG open_sessions(const odd_slot *slot) {
    CK_ULONG count = 0;
    for (int i = 0; i < MAX_SESSIONS; i++) count += sessions[i].open && sessions[i].slot == slot;
    return count;
}

static CK_RV leave(const char *function, const odd_slot *slot, CK_RV answer) {
    char text[32];
    snprintf(text, sizeof text, "0x%08lx", answer);
    odd_journal("answer", function, slot, text);
    if (answer != CKR_OK) {
        snprintf(text, sizeof text, "rv: 0x%lx", answer);
        odd_log(3, function, text);
    }
    return answer;
}

/* Every function begins with ENTER: the call is recorded, then the faults have their turn. */
#define ENTER(slot) \
    do { \
        CK_RV enter_answer; \
        odd_journal("call", __func__, slot, NULL); \
        if (odd_fault(__func__, slot, &enter_answer)) return leave(__func__, slot, enter_answer); \
    } while (0)
#define LEAVE(slot, answer) return leave(__func__, slot, answer)

#define NEED_INITIALISED() \
    if (!initialised()) return CKR_CRYPTOKI_NOT_INITIALIZED
#define ENTER_SLOT(id) \
    NEED_INITIALISED(); \
    odd_slot *slot = slot_of(id); \
    ENTER(slot); \
    if (!slot) LEAVE(NULL, CKR_SLOT_ID_INVALID)
#define ENTER_TOKEN(id) \
    ENTER_SLOT(id); \
    if (!slot->present) LEAVE(slot, CKR_TOKEN_NOT_PRESENT)
#define FIND_SESSION(handle) \
    NEED_INITIALISED(); \
    session_entry *session = session_of(handle); \
    odd_slot *slot = session ? session->slot : NULL
#define ENTER_SESSION(handle) \
    FIND_SESSION(handle); \
    ENTER(slot); \
    if (!session) LEAVE(NULL, CKR_SESSION_HANDLE_INVALID)

__attribute__((constructor)) static void load(void) {
    CK_RV ignored;
    odd_read_control();
    odd_fault("load", NULL, &ignored);
}

__attribute__((destructor)) static void unload(void) {
    CK_RV ignored;
    odd_fault("unload", NULL, &ignored);
}

static CK_RV C_Initialize(CK_C_INITIALIZE_ARGS *arguments) {
    if (initialised()) return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    memset(sessions, 0, sizeof sessions);
    odd_read_control();
    odd_record_file("SECUROSYS_PKCS11_CONF");
    odd_record_file("SECUROSYS_SECRETS_CONF");
    CK_RV configuration = odd_read_configuration();
    ENTER(NULL);
    if (arguments && arguments->pReserved) LEAVE(NULL, CKR_ARGUMENTS_BAD);
    if (configuration == CKR_OK) initialised_by = getpid();
    LEAVE(NULL, configuration);
}

static CK_RV C_Finalize(void *reserved) {
    NEED_INITIALISED();
    ENTER(NULL);
    if (reserved) LEAVE(NULL, CKR_ARGUMENTS_BAD);
    initialised_by = 0;
    LEAVE(NULL, CKR_OK);
}

static CK_RV C_GetInfo(CK_INFO *info) {
    NEED_INITIALISED();
    ENTER(NULL);
    memset(info, 0, sizeof *info);
    info->cryptokiVersion = (CK_VERSION){2, 40};
    fill(info->manufacturerID, sizeof info->manufacturerID, odd.manufacturer);
    fill(info->libraryDescription, sizeof info->libraryDescription, "A module for tests");
    info->libraryVersion = odd.version;
    LEAVE(NULL, CKR_OK);
}

static CK_RV C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID *list, CK_ULONG *count) {
    CK_ULONG found = 0;
    NEED_INITIALISED();
    ENTER(NULL);
    for (CK_ULONG i = 0; i < odd.slot_count; i++) {
        if (token_present && !odd.slots[i].present) continue;
        if (list && found < *count) list[found] = odd.slots[i].id;
        found++;
    }
    CK_RV answer = list && found > *count ? CKR_BUFFER_TOO_SMALL : CKR_OK;
    *count = found;
    LEAVE(NULL, answer);
}

static CK_RV C_GetSlotInfo(CK_SLOT_ID id, CK_SLOT_INFO *info) {
    ENTER_SLOT(id);
    memset(info, 0, sizeof *info);
    fill(info->slotDescription, sizeof info->slotDescription, slot->present ? slot->label : "empty");
    fill(info->manufacturerID, sizeof info->manufacturerID, odd.manufacturer);
    info->flags = CKF_HW_SLOT | (slot->present ? CKF_TOKEN_PRESENT : 0);
    info->hardwareVersion = odd.firmware;
    info->firmwareVersion = odd.version;
    LEAVE(slot, CKR_OK);
}

static CK_FLAGS pin_flags(const odd_slot *slot) {
    CK_ULONG wrong = odd_wrong_pins(slot->label, 0);
    if (!odd.pin_flags || wrong == 0) return 0;
    if (wrong >= odd.tries) return CKF_USER_PIN_LOCKED;
    return CKF_USER_PIN_COUNT_LOW | (wrong + 1 == odd.tries ? CKF_USER_PIN_FINAL_TRY : 0);
}

static CK_RV C_GetTokenInfo(CK_SLOT_ID id, CK_TOKEN_INFO *info) {
    char serial[32];
    ENTER_TOKEN(id);
    memset(info, 0, sizeof *info);
    snprintf(serial, sizeof serial, "%016lx", slot->id);
    fill(info->label, sizeof info->label, slot->label);
    fill(info->manufacturerID, sizeof info->manufacturerID, odd.manufacturer);
    fill(info->model, sizeof info->model, odd.model);
    fill(info->serialNumber, sizeof info->serialNumber, serial);
    info->flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED | pin_flags(slot);
    info->ulMaxSessionCount = info->ulMaxRwSessionCount = odd.sessions;
    info->ulSessionCount = open_sessions(slot);
    info->ulRwSessionCount = CK_UNAVAILABLE_INFORMATION;
    info->ulMaxPinLen = 64;
    info->ulMinPinLen = 4;
    info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulTotalPrivateMemory = info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->hardwareVersion = odd.firmware;
    info->firmwareVersion = odd.version;
    fill(info->utcTime, sizeof info->utcTime, "");
    LEAVE(slot, CKR_OK);
}

static CK_RV C_GetMechanismList(CK_SLOT_ID id, CK_MECHANISM_TYPE *list, CK_ULONG *count) {
    ENTER_TOKEN(id);
    CK_RV answer = list && *count < 2 ? CKR_BUFFER_TOO_SMALL : CKR_OK;
    if (list && answer == CKR_OK) {
        list[0] = CKM_EC_KEY_PAIR_GEN;
        list[1] = CKM_ECDSA;
    }
    *count = 2;
    LEAVE(slot, answer);
}

static CK_RV C_GetMechanismInfo(CK_SLOT_ID id, CK_MECHANISM_TYPE mechanism, CK_MECHANISM_INFO *info) {
    ENTER_TOKEN(id);
    if (mechanism != CKM_EC_KEY_PAIR_GEN && mechanism != CKM_ECDSA) LEAVE(slot, CKR_MECHANISM_INVALID);
    *info = (CK_MECHANISM_INFO){256, 521, 0};
    LEAVE(slot, CKR_OK);
}

static CK_RV C_OpenSession(CK_SLOT_ID id, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *handle) {
    (void)application, (void)notify;
    ENTER_TOKEN(id);
    if (!(flags & CKF_SERIAL_SESSION)) LEAVE(slot, CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    if (odd.sessions && open_sessions(slot) >= odd.sessions) LEAVE(slot, CKR_SESSION_COUNT);
    for (int i = 0; i < MAX_SESSIONS; i++) {
        if (sessions[i].open) continue;
        sessions[i] = (session_entry){true, flags, slot};
        *handle = (CK_SESSION_HANDLE)i + 1;
        LEAVE(slot, CKR_OK);
    }
    LEAVE(slot, CKR_SESSION_COUNT);
}

static CK_RV C_CloseSession(CK_SESSION_HANDLE handle) {
    ENTER_SESSION(handle);
    session->open = false;
    if (open_sessions(slot) == 0) slot->logged_in = false;
    LEAVE(slot, CKR_OK);
}

static CK_RV C_CloseAllSessions(CK_SLOT_ID id) {
    ENTER_SLOT(id);
    for (int i = 0; i < MAX_SESSIONS; i++)
        if (sessions[i].slot == slot) sessions[i].open = false;
    slot->logged_in = false;
    LEAVE(slot, CKR_OK);
}

static CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info) {
    ENTER_SESSION(handle);
    CK_STATE public_state = session->flags & CKF_RW_SESSION ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
    *info = (CK_SESSION_INFO){slot->id, public_state + slot->logged_in, session->flags, 0};
    LEAVE(slot, CKR_OK);
}

static CK_RV check_pin(odd_slot *slot, const char *pin) {
    if (odd_wrong_pins(slot->label, 0) >= odd.tries) return CKR_PIN_LOCKED;
    if (strcmp(pin, odd_pin_of(slot->label)) != 0) {
        odd_wrong_pins(slot->label, 1);
        return CKR_PIN_INCORRECT;
    }
    odd_wrong_pins(slot->label, LONG_MIN);
    slot->logged_in = true;
    return CKR_OK;
}

static CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR *offered, CK_ULONG length) {
    char pin[ODD_TEXT] = "", input[2 * ODD_TEXT];
    FIND_SESSION(handle);
    if (offered) snprintf(pin, sizeof pin, "%.*s", (int)length, (const char *)offered);
    odd_journal("pin", "C_Login", slot, pin); /* first of all: whatever happens next, the HSM has seen it */
    if (odd.trace_mask & 1) {
        snprintf(input, sizeof input, "userType: %lu, pin: %s", user, pin);
        odd_log(0, "C_Login", input);
    }
    ENTER(slot);
    if (!session) LEAVE(NULL, CKR_SESSION_HANDLE_INVALID);
    /* a token without a PIN takes no pointer to one */
    if (!offered == (*odd_pin_of(slot->label) != 0)) LEAVE(slot, CKR_ARGUMENTS_BAD);
    if (user != CKU_USER) LEAVE(slot, CKR_USER_TYPE_INVALID);
    if (slot->logged_in) LEAVE(slot, CKR_USER_ALREADY_LOGGED_IN);
    LEAVE(slot, check_pin(slot, pin));
}

static CK_RV C_Logout(CK_SESSION_HANDLE handle) {
    ENTER_SESSION(handle);
    if (!slot->logged_in) LEAVE(slot, CKR_USER_NOT_LOGGED_IN);
    slot->logged_in = false;
    LEAVE(slot, CKR_OK);
}

static CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, void *template, CK_ULONG count) {
    (void)template, (void)count;
    ENTER_SESSION(handle);
    LEAVE(slot, CKR_OK);
}

static CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_ULONG *objects, CK_ULONG room, CK_ULONG *count) {
    (void)objects, (void)room;
    ENTER_SESSION(handle);
    *count = 0;
    LEAVE(slot, CKR_OK);
}

static CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle) {
    ENTER_SESSION(handle);
    LEAVE(slot, CKR_OK);
}

static CK_RV C_GenerateRandom(CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG length) {
    ENTER_SESSION(handle);
    LEAVE(slot, getrandom(data, length, 0) == (ssize_t)length ? CKR_OK : CKR_GENERAL_ERROR);
}

static CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *id, void *reserved) {
    (void)flags, (void)id, (void)reserved;
    NEED_INITIALISED();
    ENTER(NULL);
    LEAVE(NULL, CKR_FUNCTION_NOT_SUPPORTED);
}

/* The rest takes further arguments in the standard; a caller may pass them, nobody reads them. */
#define NO_BODY(name)
#define SESSION_BODY(name) \
    static CK_RV name(CK_SESSION_HANDLE handle) { \
        ENTER_SESSION(handle); \
        LEAVE(slot, CKR_FUNCTION_NOT_SUPPORTED); \
    }
#define SLOT_BODY(name) \
    static CK_RV name(CK_SLOT_ID id) { \
        ENTER_SLOT(id); \
        LEAVE(slot, CKR_FUNCTION_NOT_SUPPORTED); \
    }
PKCS11_FUNCTIONS(NO_BODY, SESSION_BODY, SLOT_BODY)

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

#define POINTER(name) .name = (void (*)(void))name,
static CK_FUNCTION_LIST functions = {.version = {2, 40}, PKCS11_FUNCTIONS(POINTER, POINTER, POINTER)};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) {
    ENTER(NULL);
    if (!list) LEAVE(NULL, CKR_ARGUMENTS_BAD);
    *list = &functions;
    LEAVE(NULL, CKR_OK);
}
