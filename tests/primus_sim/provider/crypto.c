/* The entry points of PKCS#11 for objects and cryptography: announced to the HSM, then carried out by SoftHSM2.
 *
 * Handles in the parameters of a mechanism are not translated; nobody here uses such a mechanism. */
#include "sim.h"

#define SESSION CK_SESSION_HANDLE handle
#define DATA CK_BYTE *data, CK_ULONG size
#define OUT CK_BYTE *out, CK_ULONG *out_size
#define TEMPLATE CK_ATTRIBUTE *template, CK_ULONG count

/* SoftHSM2's function of the same name on the HSM connected now, with its session as the first argument. */
#define HERE(function, ...) \
    INNER(session->slot->backend, function)(session->inner[session->slot->backend], ##__VA_ARGS__)
#define OBJECT(object) object_here(session, object)

/* An entry point that does just that; `session` stands for the session in the arguments. */
#define PASS(function, parameters, ...) \
    CK_RV function parameters { \
        struct session *session; \
        CK_RV rv = enter_session(#function, handle, false, &session); \
        if (rv == CKR_OK) rv = HERE(function, ##__VA_ARGS__); \
        return leave(#function, rv); \
    }

PASS(C_GetOperationState, (SESSION, OUT), out, out_size)
PASS(C_SetOperationState, (SESSION, DATA, CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE signing), data, size, OBJECT(key),
     OBJECT(signing))

PASS(C_DestroyObject, (SESSION, CK_OBJECT_HANDLE object), OBJECT(object))
PASS(C_GetObjectSize, (SESSION, CK_OBJECT_HANDLE object, CK_ULONG *size), OBJECT(object), size)
PASS(C_GetAttributeValue, (SESSION, CK_OBJECT_HANDLE object, TEMPLATE), OBJECT(object), template, count)
PASS(C_SetAttributeValue, (SESSION, CK_OBJECT_HANDLE object, TEMPLATE), OBJECT(object), template, count)
PASS(C_FindObjectsInit, (SESSION, TEMPLATE), template, count)
PASS(C_FindObjectsFinal, (SESSION))

PASS(C_EncryptInit, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), mechanism, OBJECT(key))
PASS(C_Encrypt, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_EncryptUpdate, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_EncryptFinal, (SESSION, OUT), out, out_size)
PASS(C_DecryptInit, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), mechanism, OBJECT(key))
PASS(C_Decrypt, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_DecryptUpdate, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_DecryptFinal, (SESSION, OUT), out, out_size)

PASS(C_DigestInit, (SESSION, CK_MECHANISM *mechanism), mechanism)
PASS(C_Digest, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_DigestUpdate, (SESSION, DATA), data, size)
PASS(C_DigestKey, (SESSION, CK_OBJECT_HANDLE key), OBJECT(key))
PASS(C_DigestFinal, (SESSION, OUT), out, out_size)

PASS(C_SignInit, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), mechanism, OBJECT(key))
PASS(C_Sign, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_SignUpdate, (SESSION, DATA), data, size)
PASS(C_SignFinal, (SESSION, OUT), out, out_size)
PASS(C_SignRecoverInit, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), mechanism, OBJECT(key))
PASS(C_SignRecover, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_VerifyInit, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), mechanism, OBJECT(key))
PASS(C_Verify, (SESSION, DATA, CK_BYTE *signature, CK_ULONG signature_size), data, size, signature, signature_size)
PASS(C_VerifyUpdate, (SESSION, DATA), data, size)
PASS(C_VerifyFinal, (SESSION, CK_BYTE *signature, CK_ULONG signature_size), signature, signature_size)
PASS(C_VerifyRecoverInit, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), mechanism, OBJECT(key))
PASS(C_VerifyRecover, (SESSION, DATA, OUT), data, size, out, out_size)

PASS(C_DigestEncryptUpdate, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_DecryptDigestUpdate, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_SignEncryptUpdate, (SESSION, DATA, OUT), data, size, out, out_size)
PASS(C_DecryptVerifyUpdate, (SESSION, DATA, OUT), data, size, out, out_size)

PASS(C_WrapKey, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key, OUT), mechanism,
     OBJECT(wrapping), OBJECT(key), out, out_size)
PASS(C_SeedRandom, (SESSION, DATA), data, size)
PASS(C_GenerateRandom, (SESSION, DATA), data, size)
PASS(C_GetFunctionStatus, (SESSION))
PASS(C_CancelFunction, (SESSION))

CK_RV C_FindObjects(SESSION, CK_OBJECT_HANDLE *objects, CK_ULONG room, CK_ULONG *found) {
    struct session *session;
    CK_RV rv = enter_session("C_FindObjects", handle, false, &session);
    if (rv == CKR_OK) rv = HERE(C_FindObjects, objects, room, found);
    for (CK_ULONG i = 0; rv == CKR_OK && i < *found; i++) object_shown(session, &objects[i]);
    return leave("C_FindObjects", rv);
}

/* What this makes is a session object, unless the template says CKA_TOKEN. */
static bool is_session_object(const CK_ATTRIBUTE *template, CK_ULONG count) {
    for (CK_ULONG i = 0; template && i < count; i++)
        if (template[i].type == CKA_TOKEN && template[i].size == 1 && template[i].value)
            return !*(const CK_BBOOL *)template[i].value;
    return true;
}

/* An entry point that makes an object of a template. */
#define MAKE(function, parameters, ...) \
    CK_RV function parameters { \
        struct session *session; \
        CK_RV rv = enter_session(#function, handle, is_session_object(template, count), &session); \
        if (rv == CKR_OK) rv = HERE(function, __VA_ARGS__); \
        if (rv == CKR_OK) object_shown(session, made); \
        return leave(#function, rv); \
    }

MAKE(C_CreateObject, (SESSION, TEMPLATE, CK_OBJECT_HANDLE *made), template, count, made)
MAKE(C_CopyObject, (SESSION, CK_OBJECT_HANDLE object, TEMPLATE, CK_OBJECT_HANDLE *made),
     OBJECT(object), template, count, made)
MAKE(C_GenerateKey, (SESSION, CK_MECHANISM *mechanism, TEMPLATE, CK_OBJECT_HANDLE *made),
     mechanism, template, count, made)
MAKE(C_UnwrapKey, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, DATA, TEMPLATE, CK_OBJECT_HANDLE *made),
     mechanism, OBJECT(key), data, size, template, count, made)
MAKE(C_DeriveKey, (SESSION, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, TEMPLATE, CK_OBJECT_HANDLE *made),
     mechanism, OBJECT(key), template, count, made)

CK_RV C_GenerateKeyPair(SESSION, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public, CK_ULONG public_count,
                        CK_ATTRIBUTE *private, CK_ULONG private_count, CK_OBJECT_HANDLE *public_key,
                        CK_OBJECT_HANDLE *private_key) {
    struct session *session;
    bool session_object = is_session_object(public, public_count) || is_session_object(private, private_count);
    CK_RV rv = enter_session("C_GenerateKeyPair", handle, session_object, &session);
    if (rv == CKR_OK)
        rv = HERE(C_GenerateKeyPair, mechanism, public, public_count, private, private_count, public_key, private_key);
    if (rv == CKR_OK) {
        object_shown(session, public_key);
        object_shown(session, private_key);
    }
    return leave("C_GenerateKeyPair", rv);
}

#define LISTED(function) .function = (void (*)(void))function,

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) {
    static CK_FUNCTION_LIST functions = {.version = {2, 40}, PKCS11_FUNCTIONS(LISTED, LISTED, LISTED)};
    if (!list) return CKR_ARGUMENTS_BAD;
    *list = &functions;
    return CKR_OK;
}
