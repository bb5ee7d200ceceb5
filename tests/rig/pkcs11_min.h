/* The part of PKCS#11 2.40 that the odd module needs: types, a few constants, the functions in their order. */
#ifndef PKCS11_MIN_H
#define PKCS11_MIN_H

typedef unsigned char CK_BYTE;
typedef CK_BYTE CK_BBOOL;
typedef CK_BYTE CK_UTF8CHAR;
typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV, CK_FLAGS, CK_SLOT_ID, CK_SESSION_HANDLE, CK_USER_TYPE, CK_MECHANISM_TYPE, CK_STATE;

typedef struct {
    CK_BYTE major, minor;
} CK_VERSION;

typedef struct {
    CK_VERSION cryptokiVersion;
    CK_UTF8CHAR manufacturerID[32];
    CK_FLAGS flags;
    CK_UTF8CHAR libraryDescription[32];
    CK_VERSION libraryVersion;
} CK_INFO;

typedef struct {
    CK_UTF8CHAR slotDescription[64];
    CK_UTF8CHAR manufacturerID[32];
    CK_FLAGS flags;
    CK_VERSION hardwareVersion, firmwareVersion;
} CK_SLOT_INFO;

typedef struct {
    CK_UTF8CHAR label[32], manufacturerID[32], model[16], serialNumber[16];
    CK_FLAGS flags;
    CK_ULONG ulMaxSessionCount, ulSessionCount, ulMaxRwSessionCount, ulRwSessionCount;
    CK_ULONG ulMaxPinLen, ulMinPinLen;
    CK_ULONG ulTotalPublicMemory, ulFreePublicMemory, ulTotalPrivateMemory, ulFreePrivateMemory;
    CK_VERSION hardwareVersion, firmwareVersion;
    CK_UTF8CHAR utcTime[16];
} CK_TOKEN_INFO;

typedef struct {
    CK_SLOT_ID slotID;
    CK_STATE state;
    CK_FLAGS flags;
    CK_ULONG ulDeviceError;
} CK_SESSION_INFO;

typedef struct {
    CK_ULONG ulMinKeySize, ulMaxKeySize;
    CK_FLAGS flags;
} CK_MECHANISM_INFO;

typedef struct {
    void *CreateMutex, *DestroyMutex, *LockMutex, *UnlockMutex;
    CK_FLAGS flags;
    void *pReserved;
} CK_C_INITIALIZE_ARGS;

#define CK_UNAVAILABLE_INFORMATION (~0UL)

#define CKU_USER 1UL
#define CKF_TOKEN_PRESENT 0x1UL
#define CKF_HW_SLOT 0x4UL
#define CKF_RNG 0x1UL
#define CKF_LOGIN_REQUIRED 0x4UL
#define CKF_USER_PIN_INITIALIZED 0x8UL
#define CKF_TOKEN_INITIALIZED 0x400UL
#define CKF_USER_PIN_COUNT_LOW 0x10000UL
#define CKF_USER_PIN_FINAL_TRY 0x20000UL
#define CKF_USER_PIN_LOCKED 0x40000UL
#define CKF_RW_SESSION 0x2UL
#define CKF_SERIAL_SESSION 0x4UL
#define CKS_RO_PUBLIC_SESSION 0UL
#define CKS_RO_USER_FUNCTIONS 1UL
#define CKS_RW_PUBLIC_SESSION 2UL
#define CKS_RW_USER_FUNCTIONS 3UL
#define CKM_EC_KEY_PAIR_GEN 0x1040UL
#define CKM_ECDSA 0x1041UL

#define CKR_OK 0x0UL
#define CKR_HOST_MEMORY 0x2UL
#define CKR_SLOT_ID_INVALID 0x3UL
#define CKR_GENERAL_ERROR 0x5UL
#define CKR_ARGUMENTS_BAD 0x7UL
#define CKR_FUNCTION_NOT_SUPPORTED 0x54UL
#define CKR_MECHANISM_INVALID 0x70UL
#define CKR_PIN_INCORRECT 0xA0UL
#define CKR_PIN_LOCKED 0xA4UL
#define CKR_SESSION_COUNT 0xB1UL
#define CKR_SESSION_HANDLE_INVALID 0xB3UL
#define CKR_SESSION_PARALLEL_NOT_SUPPORTED 0xB4UL
#define CKR_TOKEN_NOT_PRESENT 0xE0UL
#define CKR_USER_ALREADY_LOGGED_IN 0x100UL
#define CKR_USER_NOT_LOGGED_IN 0x101UL
#define CKR_USER_TYPE_INVALID 0x103UL
#define CKR_BUFFER_TOO_SMALL 0x150UL
#define CKR_CRYPTOKI_NOT_INITIALIZED 0x190UL
#define CKR_CRYPTOKI_ALREADY_INITIALIZED 0x191UL

/* CK_FUNCTION_LIST is a version and one pointer for each function, in this order (PKCS#11 2.40, section 3.6).
 * X(name): has a body here. SESSION(name): answers "not supported", first argument a session.
 * SLOT(name): the same, first argument a slot. */
#define PKCS11_FUNCTIONS(X, SESSION, SLOT) \
    X(C_Initialize) X(C_Finalize) X(C_GetInfo) X(C_GetFunctionList) \
    X(C_GetSlotList) X(C_GetSlotInfo) X(C_GetTokenInfo) X(C_GetMechanismList) X(C_GetMechanismInfo) \
    SLOT(C_InitToken) SESSION(C_InitPIN) SESSION(C_SetPIN) \
    X(C_OpenSession) X(C_CloseSession) X(C_CloseAllSessions) X(C_GetSessionInfo) \
    SESSION(C_GetOperationState) SESSION(C_SetOperationState) X(C_Login) X(C_Logout) \
    SESSION(C_CreateObject) SESSION(C_CopyObject) SESSION(C_DestroyObject) SESSION(C_GetObjectSize) \
    SESSION(C_GetAttributeValue) SESSION(C_SetAttributeValue) \
    X(C_FindObjectsInit) X(C_FindObjects) X(C_FindObjectsFinal) \
    SESSION(C_EncryptInit) SESSION(C_Encrypt) SESSION(C_EncryptUpdate) SESSION(C_EncryptFinal) \
    SESSION(C_DecryptInit) SESSION(C_Decrypt) SESSION(C_DecryptUpdate) SESSION(C_DecryptFinal) \
    SESSION(C_DigestInit) SESSION(C_Digest) SESSION(C_DigestUpdate) SESSION(C_DigestKey) SESSION(C_DigestFinal) \
    SESSION(C_SignInit) SESSION(C_Sign) SESSION(C_SignUpdate) SESSION(C_SignFinal) \
    SESSION(C_SignRecoverInit) SESSION(C_SignRecover) \
    SESSION(C_VerifyInit) SESSION(C_Verify) SESSION(C_VerifyUpdate) SESSION(C_VerifyFinal) \
    SESSION(C_VerifyRecoverInit) SESSION(C_VerifyRecover) \
    SESSION(C_DigestEncryptUpdate) SESSION(C_DecryptDigestUpdate) \
    SESSION(C_SignEncryptUpdate) SESSION(C_DecryptVerifyUpdate) \
    SESSION(C_GenerateKey) SESSION(C_GenerateKeyPair) SESSION(C_WrapKey) SESSION(C_UnwrapKey) SESSION(C_DeriveKey) \
    SESSION(C_SeedRandom) X(C_GenerateRandom) SESSION(C_GetFunctionStatus) SESSION(C_CancelFunction) \
    X(C_WaitForSlotEvent)

#define PKCS11_POINTER(name) void (*name)(void);
typedef struct {
    CK_VERSION version;
    PKCS11_FUNCTIONS(PKCS11_POINTER, PKCS11_POINTER, PKCS11_POINTER)
} CK_FUNCTION_LIST;
#undef PKCS11_POINTER

#endif
