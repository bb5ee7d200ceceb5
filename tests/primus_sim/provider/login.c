/* The entry points of PKCS#11 for sessions and the user's PIN. */
#include <string.h>

#include "sim.h"

CK_RV C_OpenSession(CK_SLOT_ID id, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *handle) {
    struct slot *slot;
    struct line status;
    (void)application;
    (void)notify;
    CK_RV rv = enter_slot("C_OpenSession", id, &slot);
    if (rv == CKR_OK && !handle) rv = CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK && !(flags & CKF_SERIAL_SESSION)) rv = CKR_SESSION_PARALLEL_NOT_SUPPORTED;
    if (rv == CKR_OK) rv = slot_status(slot, &status);
    if (rv == CKR_OK) rv = session_open(slot, flags, handle);
    return leave("C_OpenSession", rv);
}

/* Sessions are closed without asking the HSM: that works when it is gone. */
CK_RV C_CloseSession(CK_SESSION_HANDLE handle) {
    CK_RV rv = enter("C_CloseSession");
    struct session *session = rv == CKR_OK ? session_find(handle) : NULL;
    if (session)
        session_close(session);
    else if (rv == CKR_OK)
        rv = CKR_SESSION_HANDLE_INVALID;
    return leave("C_CloseSession", rv);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID id) {
    struct slot *slot;
    CK_RV rv = enter_slot("C_CloseAllSessions", id, &slot);
    if (rv == CKR_OK) sessions_close(slot);
    return leave("C_CloseAllSessions", rv);
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info) {
    struct session *session;
    CK_RV rv = enter_session("C_GetSessionInfo", handle, false, &session);
    if (rv == CKR_OK) {
        size_t backend = session->slot->backend;
        rv = INNER(backend, C_GetSessionInfo)(session->inner[backend], info);
        if (rv == CKR_OK) info->slotID = session->slot->id;
    }
    return leave("C_GetSessionInfo", rv);
}

/* A PIN as a C string: CKR_OK, or what is wrong with it. */
static CK_RV take_pin(const CK_BYTE *pin, CK_ULONG size, char taken[SECRET_SIZE]) {
    if (!pin && size) return CKR_ARGUMENTS_BAD;
    if (size >= SECRET_SIZE || (size && memchr(pin, 0, size))) return CKR_PIN_LEN_RANGE;
    if (size) memcpy(taken, pin, size);
    taken[size] = '\0';
    return CKR_OK;
}

CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG size) {
    struct session *session;
    char taken[SECRET_SIZE];
    CK_RV rv = enter_session("C_Login", handle, false, &session);
    if (rv == CKR_OK && user != CKU_USER) rv = CKR_USER_TYPE_INVALID;
    if (rv == CKR_OK && session->slot->logged_in) rv = CKR_USER_ALREADY_LOGGED_IN;
    if (rv == CKR_OK) rv = take_pin(pin, size, taken);
    if (rv == CKR_OK) {
        /* Documented: with this bit the inputs of functions are logged, and the PIN is one of them. */
        if (sim.config.log.mask & MASK_INPUT)
            LOG(6, "C_Login", "input: hSession: %lu userType: %lu pPin: %s ulPinLen: %lu", handle, user, taken, size);
        rv = slot_login(session->slot, session, taken);
        wipe(taken, sizeof taken);
    }
    return leave("C_Login", rv);
}

CK_RV C_Logout(CK_SESSION_HANDLE handle) {
    struct session *session;
    struct line request, answer;
    CK_RV rv = enter_session("C_Logout", handle, false, &session);
    if (rv == CKR_OK && !session->slot->logged_in) rv = CKR_USER_NOT_LOGGED_IN;
    if (rv == CKR_OK) {
        slot_logout(session->slot);
        request_begin(&request, "LOGOUT");
        rv = slot_ask(session->slot, &request, &answer);
    }
    return leave("C_Logout", rv);
}

CK_RV C_SetPIN(CK_SESSION_HANDLE handle, CK_BYTE *old_pin, CK_ULONG old_size, CK_BYTE *new_pin, CK_ULONG new_size) {
    struct session *session;
    struct line request, answer;
    char from[SECRET_SIZE], to[SECRET_SIZE];
    CK_RV rv = enter_session("C_SetPIN", handle, false, &session);
    if (rv == CKR_OK) rv = take_pin(old_pin, old_size, from);
    if (rv == CKR_OK) rv = take_pin(new_pin, new_size, to);
    if (rv == CKR_OK) {
        request_begin(&request, "SETPIN");
        request_add(&request, "old", from);
        request_add(&request, "new", to);
        rv = slot_ask(session->slot, &request, &answer);
        wipe(request.text, sizeof request.text);
        if (rv == CKR_OK && session->slot->logged_in) memcpy(session->slot->pin, to, sizeof to);
    }
    wipe(from, sizeof from);
    wipe(to, sizeof to);
    return leave("C_SetPIN", rv);
}

CK_RV C_InitPIN(CK_SESSION_HANDLE handle, CK_BYTE *pin, CK_ULONG size) {
    struct session *session;
    (void)pin;
    (void)size;
    CK_RV rv = enter_session("C_InitPIN", handle, false, &session);
    return leave("C_InitPIN", rv == CKR_OK ? CKR_FUNCTION_NOT_SUPPORTED : rv);
}
