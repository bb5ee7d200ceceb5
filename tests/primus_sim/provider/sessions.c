/* Sessions, the login, and object handles: what stays valid for the application when the slot changes its HSM. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define HANDLE_BITS 32
#define ATTRIBUTE_SIZE 256

static struct session **sessions;
static size_t session_room;
static CK_SESSION_HANDLE last_handle;

static CK_RV open_inner(struct session *session, CK_FLAGS flags) {
    const struct slot *slot = session->slot;
    return INNER(slot->backend, C_OpenSession)(slot->inner, flags, NULL, NULL, &session->inner[slot->backend]);
}

CK_RV session_open(struct slot *slot, CK_FLAGS flags, CK_SESSION_HANDLE *handle) {
    struct session *session = grow(NULL, 1, sizeof *session);
    memset(session, 0, sizeof *session);
    session->slot = slot;
    session->flags = flags;
    CK_RV rv = open_inner(session, flags);
    if (rv != CKR_OK) {
        free(session);
        return rv;
    }
    session->handle = *handle = ++last_handle;
    slot->session_count++;
    for (size_t i = 0; i < session_room; i++) {
        if (sessions[i]) continue;
        sessions[i] = session;
        return CKR_OK;
    }
    sessions = grow(sessions, session_room + 1, sizeof *sessions);
    sessions[session_room++] = session;
    return CKR_OK;
}

struct session *session_find(CK_SESSION_HANDLE handle) {
    for (size_t i = 0; i < session_room; i++)
        if (sessions[i] && sessions[i]->handle == handle) return sessions[i];
    return NULL;
}

static void forget_login(struct slot *slot) {
    slot->logged_in = false;
    wipe(slot->pin, sizeof slot->pin);
}

void session_close(struct session *session) {
    for (size_t backend = 0; backend < MAX_BACKENDS; backend++)
        if (session->inner[backend]) INNER(backend, C_CloseSession)(session->inner[backend]);
    /* The last session of a token takes the login with it (PKCS#11, C_CloseSession). */
    if (--session->slot->session_count == 0) forget_login(session->slot);
    for (size_t i = 0; i < session_room; i++)
        if (sessions[i] == session) sessions[i] = NULL;
    free(session);
}

void sessions_close(const struct slot *slot) {
    for (size_t i = 0; i < session_room; i++)
        if (sessions[i] && (!slot || sessions[i]->slot == slot)) session_close(sessions[i]);
    if (slot) return;
    free(sessions);
    sessions = NULL;
    session_room = 0;
}

/* The HSM has accepted the PIN: logs in to its SoftHSM2 with the PIN that the token has there. */
static CK_RV login_inner(const struct session *session, const struct line *answer) {
    char pin[SECRET_SIZE];
    size_t backend = session->slot->backend;
    if (!answer_get(answer, "token_pin", pin, sizeof pin)) return CKR_GENERAL_ERROR;
    CK_RV rv = INNER(backend, C_Login)(session->inner[backend], CKU_USER, (CK_BYTE *)pin, strlen(pin));
    wipe(pin, sizeof pin);
    return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

CK_RV slot_login(struct slot *slot, const struct session *session, const char *pin) {
    struct line request, answer;
    request_begin(&request, "PIN");
    request_add(&request, "pin", pin);
    CK_RV rv = request.overflow ? CKR_PIN_LEN_RANGE : slot_ask(slot, &request, &answer);
    wipe(request.text, sizeof request.text);
    if (rv == CKR_OK) rv = login_inner(session, &answer);
    if (rv != CKR_OK) return rv;
    slot->logged_in = true;
    memcpy(slot->pin, pin, strlen(pin) + 1);
    return CKR_OK;
}

void slot_logout(struct slot *slot) {
    for (size_t backend = 0; backend < MAX_BACKENDS; backend++) {
        for (size_t i = 0; i < session_room; i++) {
            if (!sessions[i] || sessions[i]->slot != slot || !sessions[i]->inner[backend]) continue;
            INNER(backend, C_Logout)(sessions[i]->inner[backend]);
            break;
        }
    }
    forget_login(slot);
}

/* Logs in on the HSM that the slot has moved to; a PIN that it refuses is not offered again. */
static CK_RV login_again(struct slot *slot, const struct session *session) {
    struct line request, answer;
    CK_RV code = CKR_OK;
    request_begin(&request, "PIN");
    request_add(&request, "pin", slot->pin);
    enum wire_result result = wire_ask(slot->connection, &request, &answer, &code);
    wipe(request.text, sizeof request.text);
    if (result == WIRE_FINE) return login_inner(session, &answer);
    LOG_RV("HSM_Request", result == WIRE_REFUSED ? code : CKR_GENERAL_ERROR);
    if (result == WIRE_REFUSED) {
        forget_login(slot);
        return CKR_OK; /* what needs the login says so itself */
    }
    slot_disconnect(slot);
    return shown(VENDOR_CONNECTION_FAILED, CKR_TOKEN_NOT_PRESENT);
}

CK_RV sessions_move(struct slot *slot) {
    CK_RV rv = CKR_OK;
    struct session *any = NULL;
    for (size_t i = 0; i < session_room && rv == CKR_OK; i++) {
        if (!sessions[i] || sessions[i]->slot != slot) continue;
        any = sessions[i];
        if (!any->inner[slot->backend]) rv = open_inner(any, any->flags);
    }
    return rv == CKR_OK && any && slot->logged_in ? login_again(slot, any) : rv;
}

void object_shown(const struct session *session, CK_OBJECT_HANDLE *handle) {
    if (handle) *handle |= (session->slot->backend + 1) << HANDLE_BITS;
}

/* Class, id and label of an object, as far as it has them; returns how many. */
static CK_ULONG describe(const struct session *session, size_t backend, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *found,
                         CK_BYTE room[3][ATTRIBUTE_SIZE]) {
    static const CK_ATTRIBUTE_TYPE types[3] = {CKA_CLASS, CKA_ID, CKA_LABEL};
    CK_ULONG count = 0;
    for (int i = 0; i < 3; i++) {
        CK_ATTRIBUTE wanted = {types[i], room[i], ATTRIBUTE_SIZE};
        CK_RV rv = INNER(backend, C_GetAttributeValue)(session->inner[backend], handle, &wanted, 1);
        if (rv == CKR_OK && wanted.size > 0) found[count++] = wanted;
    }
    return count;
}

/* The same token object on the HSM connected now: redundant HSMs hold the same keys under handles of their own. */
static CK_OBJECT_HANDLE find_again(const struct session *session, size_t from, CK_OBJECT_HANDLE handle) {
    const struct slot *slot = session->slot;
    CK_BYTE room[3][ATTRIBUTE_SIZE];
    CK_ATTRIBUTE template[3];
    CK_ULONG known = describe(session, from, handle, template, room), count = 0;
    CK_SESSION_HANDLE searching;
    CK_OBJECT_HANDLE found = 0;
    if (known < 2) return 0; /* a class alone is not enough */
    /* A session of its own, because the application's may be searching. */
    CK_RV rv = INNER(slot->backend, C_OpenSession)(slot->inner, CKF_SERIAL_SESSION, NULL, NULL, &searching);
    if (rv != CKR_OK) return 0;
    if (INNER(slot->backend, C_FindObjectsInit)(searching, template, known) == CKR_OK)
        INNER(slot->backend, C_FindObjects)(searching, &found, 1, &count);
    INNER(slot->backend, C_CloseSession)(searching);
    return count ? found : 0;
}

CK_OBJECT_HANDLE object_here(const struct session *session, CK_OBJECT_HANDLE handle) {
    size_t from = handle >> HANDLE_BITS;
    CK_OBJECT_HANDLE inner = handle & 0xFFFFFFFF;
    if (from < 1 || from > MAX_BACKENDS || !session->inner[from - 1]) return 0;
    return from - 1 == session->slot->backend ? inner : find_again(session, from - 1, inner);
}
