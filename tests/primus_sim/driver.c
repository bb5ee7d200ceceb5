/* Goes through the functions of a PKCS#11 library on command: driver LIBRARY, commands on stdin, one line each.
 *
 * Each is answered by one line on stdout: the return value (0x…) and what there is to tell. N is a session handle.
 *
 *   init | finalize | library | slots present|all | slot ID | token ID | mechanisms ID
 *   open ID (tells N) | close N | closeall ID | session N | login N PIN | logout N | setpin N OLD NEW
 *   objects N (tells how many) | key N LABEL (finds a private key, and keeps its handle)
 *   sign N ec|rsa (signs with the kept key) | verify N LABEL ec|rsa (verifies that signature)
 *   pair N session|token (makes an EC key pair, uses it, destroys it) | data N (an object's whole life)
 *   fork ID (a child initialises for itself and asks for that slot) |
 *   digest N | random N | badpins N | nonsense (arguments that no function may accept; tells the last value)
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provider/cryptoki.h"

#define CKM_RSA_PKCS 0x1UL
#define CKM_SHA256 0x250UL
#define CKO_DATA 0x0UL
#define CKO_PUBLIC_KEY 0x2UL
#define CKO_PRIVATE_KEY 0x3UL
#define CKA_VALUE 0x11UL
#define CKA_SIGN 0x108UL
#define CKA_VERIFY 0x10AUL
#define CKA_EC_PARAMS 0x180UL

static CK_FUNCTION_LIST *list;
#define CALL(function) ((__typeof__(&function))list->function)

static char told[512];
#define TELL(...) snprintf(told, sizeof told, __VA_ARGS__)

static CK_OBJECT_HANDLE kept_key;
static CK_BYTE hash[32] = "thirty-two bytes of a hash value", signature[1024];
static CK_ULONG signature_size;

static CK_MECHANISM mechanism_for(const char *kind) {
    return (CK_MECHANISM){strcmp(kind, "ec") == 0 ? CKM_ECDSA : CKM_RSA_PKCS, NULL, 0};
}

static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *found) {
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, (void *)label, strlen(label)}};
    CK_ULONG count = 0;
    CK_RV rv = CALL(C_FindObjectsInit)(session, template, 2);
    if (rv == CKR_OK) rv = CALL(C_FindObjects)(session, found, 1, &count);
    if (rv == CKR_OK) rv = CALL(C_FindObjectsFinal)(session);
    return rv == CKR_OK && !count ? CKR_OBJECT_HANDLE_INVALID : rv;
}

static CK_RV sign(CK_SESSION_HANDLE session, const char *kind, CK_OBJECT_HANDLE key) {
    CK_MECHANISM mechanism = mechanism_for(kind);
    signature_size = sizeof signature;
    CK_RV rv = CALL(C_SignInit)(session, &mechanism, key);
    return rv == CKR_OK ? CALL(C_Sign)(session, hash, sizeof hash, signature, &signature_size) : rv;
}

static CK_RV verify(CK_SESSION_HANDLE session, const char *kind, CK_OBJECT_HANDLE key) {
    CK_MECHANISM mechanism = mechanism_for(kind);
    CK_RV rv = CALL(C_VerifyInit)(session, &mechanism, key);
    return rv == CKR_OK ? CALL(C_Verify)(session, hash, sizeof hash, signature, signature_size) : rv;
}

static CK_RV pair(CK_SESSION_HANDLE session, bool on_token) {
    CK_BBOOL yes = 1, token = on_token;
    CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    CK_ATTRIBUTE public[] = {{CKA_EC_PARAMS, p256, sizeof p256}, {CKA_TOKEN, &token, 1}, {CKA_VERIFY, &yes, 1}};
    CK_ATTRIBUTE private[] = {{CKA_TOKEN, &token, 1}, {CKA_SIGN, &yes, 1}};
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_RV rv = CALL(C_GenerateKeyPair)(session, &mechanism, public, 3, private, 2, &public_key, &private_key);
    if (rv == CKR_OK) rv = sign(session, "ec", private_key);
    if (rv == CKR_OK) rv = verify(session, "ec", public_key);
    if (rv == CKR_OK) rv = CALL(C_DestroyObject)(session, public_key);
    return rv == CKR_OK ? CALL(C_DestroyObject)(session, private_key) : rv;
}

static CK_RV data(CK_SESSION_HANDLE session) {
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_OBJECT_HANDLE object, copy;
    CK_ULONG size;
    char value[32] = "";
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_VALUE, "first", 5}};
    CK_ATTRIBUTE label = {CKA_LABEL, "a copy", 6};
    CK_ATTRIBUTE second = {CKA_LABEL, "second", 6}, read = {CKA_LABEL, value, sizeof value};
    CK_RV rv = CALL(C_CreateObject)(session, template, 2, &object);
    if (rv == CKR_OK) rv = CALL(C_CopyObject)(session, object, &label, 1, &copy);
    if (rv == CKR_OK) rv = CALL(C_SetAttributeValue)(session, copy, &second, 1);
    if (rv == CKR_OK) rv = CALL(C_GetAttributeValue)(session, copy, &read, 1);
    if (rv == CKR_OK) rv = CALL(C_GetObjectSize)(session, copy, &size);
    if (rv == CKR_OK) rv = CALL(C_DestroyObject)(session, copy);
    if (rv == CKR_OK) rv = CALL(C_DestroyObject)(session, object);
    TELL("%s", value);
    return rv;
}

static CK_RV count_objects(CK_SESSION_HANDLE session) {
    CK_OBJECT_HANDLE found[4];
    CK_ULONG count = 1, total = 0;
    CK_RV rv = CALL(C_FindObjectsInit)(session, NULL, 0);
    while (rv == CKR_OK && count) {
        rv = CALL(C_FindObjects)(session, found, 4, &count);
        total += count;
    }
    TELL("%lu", total);
    return rv == CKR_OK ? CALL(C_FindObjectsFinal)(session) : rv;
}

static CK_RV digest(CK_SESSION_HANDLE session) {
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    CK_BYTE out[32];
    CK_ULONG size = 1;
    CK_RV rv = CALL(C_DigestInit)(session, &mechanism);
    if (rv == CKR_OK) rv = CALL(C_DigestUpdate)(session, hash, sizeof hash);
    if (rv != CKR_OK) return rv;
    rv = CALL(C_DigestFinal)(session, out, &size);
    if (rv != CKR_BUFFER_TOO_SMALL) return CKR_GENERAL_ERROR;
    return CALL(C_DigestFinal)(session, out, &size);
}

static CK_RV library(void) {
    CK_INFO info;
    CK_RV rv = CALL(C_GetInfo)(&info);
    if (rv == CKR_OK) TELL("%.32s %u.%u", info.manufacturerID, info.libraryVersion.major, info.libraryVersion.minor);
    return rv;
}

static CK_RV slots(bool present) {
    CK_SLOT_ID found[16];
    CK_ULONG count = 0, room = 16;
    CK_RV rv = CALL(C_GetSlotList)(present, NULL, &count);
    if (rv == CKR_OK) rv = CALL(C_GetSlotList)(present, found, &room);
    if (rv == CKR_OK && count != room) return CKR_GENERAL_ERROR;
    for (CK_ULONG i = 0; rv == CKR_OK && i < room; i++)
        snprintf(told + strlen(told), sizeof told - strlen(told), i ? " %lu" : "%lu", found[i]);
    return rv;
}

static CK_RV slot(CK_SLOT_ID id) {
    CK_SLOT_INFO info;
    CK_RV rv = CALL(C_GetSlotInfo)(id, &info);
    if (rv == CKR_OK)
        TELL("%.32s hardware %u.%u flags 0x%lx", info.manufacturerID, info.hardwareVersion.major,
             info.hardwareVersion.minor, info.flags);
    return rv;
}

static CK_RV token(CK_SLOT_ID id) {
    CK_TOKEN_INFO info;
    CK_RV rv = CALL(C_GetTokenInfo)(id, &info);
    if (rv != CKR_OK) return rv;
    CK_FLAGS pin = info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
    TELL("%.32s|%.32s|%.16s|hardware %u.%u|firmware %u.%u|pin flags 0x%lx", info.label, info.manufacturerID,
         info.model, info.hardwareVersion.major, info.hardwareVersion.minor, info.firmwareVersion.major,
         info.firmwareVersion.minor, pin);
    return rv;
}

static CK_RV mechanisms(CK_SLOT_ID id) {
    CK_MECHANISM_TYPE found[256];
    CK_MECHANISM_INFO info;
    CK_ULONG count = 256;
    CK_RV rv = CALL(C_GetMechanismList)(id, found, &count);
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) rv = CALL(C_GetMechanismInfo)(id, found[i], &info);
    TELL("%lu", count);
    return rv;
}

/* Whatever comes, a function may only say no. */
static CK_RV nonsense(void) {
    CK_SESSION_HANDLE session = 0;
    CK_ULONG size = 0;
    CK_OBJECT_HANDLE object = 0;
    CALL(C_GetInfo)(NULL);
    CALL(C_GetSlotList)(1, NULL, NULL);
    CALL(C_GetSlotInfo)(4711, NULL);
    CALL(C_GetTokenInfo)(4711, NULL);
    CALL(C_GetMechanismList)(4711, NULL, &size);
    CALL(C_OpenSession)(4711, CKF_SERIAL_SESSION, NULL, NULL, &session);
    CALL(C_OpenSession)(1, 0, NULL, NULL, &session);
    CALL(C_OpenSession)(1, CKF_SERIAL_SESSION, NULL, NULL, NULL);
    CALL(C_CloseAllSessions)(4711);
    CALL(C_Login)(4711, CKU_USER, NULL, 5);
    CALL(C_SignInit)(4711, NULL, object);
    CALL(C_Sign)(4711, hash, sizeof hash, NULL, &size);
    CALL(C_InitToken)(1, hash, 4, hash);
    CALL(C_WaitForSlotEvent)(CKF_DONT_BLOCK, &object, NULL);
    CALL(C_Finalize)(&size);
    return CALL(C_CloseSession)(4711);
}

static CK_RV bad_pins(CK_SESSION_HANDLE session) {
    static CK_BYTE long_pin[4096];
    memset(long_pin, 'x', sizeof long_pin);
    CALL(C_Login)(session, CKU_USER, (CK_BYTE *)"a\0b", 3);
    CALL(C_Login)(session, 0, (CK_BYTE *)"so", 2);
    return CALL(C_Login)(session, CKU_USER, long_pin, sizeof long_pin);
}

/* A child has nothing of its parent's, and takes nothing from it. */
static CK_RV in_a_child(CK_SLOT_ID id) {
    pid_t child = fork();
    if (child == 0) {
        CK_INFO info;
        CK_SLOT_INFO found;
        if (CALL(C_GetInfo)(&info) != CKR_CRYPTOKI_NOT_INITIALIZED) _exit(1);
        if (CALL(C_Initialize)(NULL) != CKR_OK || CALL(C_GetSlotInfo)(id, &found) != CKR_OK) _exit(2);
        _exit(CALL(C_Finalize)(NULL) == CKR_OK ? 0 : 3);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV do_command(char *words[4]) {
    const char *name = words[0];
    CK_ULONG number = strtoul(words[1], NULL, 0);
    CK_BYTE random[64];
    CK_SESSION_INFO info;
    CK_OBJECT_HANDLE key;
    CK_RV rv;
#define IS(word) (strcmp(name, word) == 0)
    if (IS("init")) return CALL(C_Initialize)(NULL);
    if (IS("finalize")) return CALL(C_Finalize)(NULL);
    if (IS("library")) return library();
    if (IS("slots")) return slots(strcmp(words[1], "present") == 0);
    if (IS("slot")) return slot(number);
    if (IS("token")) return token(number);
    if (IS("mechanisms")) return mechanisms(number);
    if (IS("open")) {
        CK_SESSION_HANDLE handle = 0;
        rv = CALL(C_OpenSession)(number, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &handle);
        TELL("%lu", handle);
        return rv;
    }
    if (IS("close")) return CALL(C_CloseSession)(number);
    if (IS("closeall")) return CALL(C_CloseAllSessions)(number);
    if (IS("session")) {
        rv = CALL(C_GetSessionInfo)(number, &info);
        if (rv == CKR_OK) TELL("slot %lu state %lu", info.slotID, info.state);
        return rv;
    }
    if (IS("login")) return CALL(C_Login)(number, CKU_USER, (CK_BYTE *)words[2], strlen(words[2]));
    if (IS("badpins")) return bad_pins(number);
    if (IS("logout")) return CALL(C_Logout)(number);
    if (IS("setpin"))
        return CALL(C_SetPIN)(number, (CK_BYTE *)words[2], strlen(words[2]), (CK_BYTE *)words[3], strlen(words[3]));
    if (IS("objects")) return count_objects(number);
    if (IS("key")) return find(number, CKO_PRIVATE_KEY, words[2], &kept_key);
    if (IS("sign")) return sign(number, words[2], kept_key);
    if (IS("verify")) {
        rv = find(number, CKO_PUBLIC_KEY, words[2], &key);
        return rv == CKR_OK ? verify(number, words[3], key) : rv;
    }
    if (IS("pair")) return pair(number, strcmp(words[2], "token") == 0);
    if (IS("data")) return data(number);
    if (IS("digest")) return digest(number);
    if (IS("random")) return CALL(C_GenerateRandom)(number, random, sizeof random);
    if (IS("fork")) return in_a_child(number);
    if (IS("nonsense")) return nonsense();
    fprintf(stderr, "no such command: %s\n", name);
    exit(2);
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    void *loaded = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (!loaded) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    CK_RV (*get_list)(CK_FUNCTION_LIST **);
    *(void **)&get_list = dlsym(loaded, "C_GetFunctionList");
    if (!get_list || get_list(NULL) != CKR_ARGUMENTS_BAD || get_list(&list) != CKR_OK) return 2;
    char line[1024];
    while (fgets(line, sizeof line, stdin)) {
        char *words[4] = {"", "", "", ""};
        size_t used = 0;
        for (char *word = strtok(line, " \n"); word && used < 4; word = strtok(NULL, " \n")) words[used++] = word;
        told[0] = '\0';
        CK_RV rv = do_command(words);
        printf("0x%08lX %s\n", rv, told);
        fflush(stdout);
    }
    return 0;
}
