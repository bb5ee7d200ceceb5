/* Everything cryptographic: SoftHSM2, loaded once for each HSM from a copy of its own, with that HSM's tokens. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

struct backend {
    char *library;
    void *loaded;
    CK_FUNCTION_LIST *functions;
    bool initialized;
};

/* Loaded copies stay loaded: SoftHSM2 and OpenSSL do not survive being taken out of a process. */
static struct backend backends[MAX_BACKENDS];
static size_t backend_count;

#ifdef __SANITIZE_ADDRESS__
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL) /* the sanitizer cannot do RTLD_DEEPBIND */
#else
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) /* its C_ functions are its own, whoever else has some */
#endif

static CK_RV load(const char *library, size_t *index) {
    for (size_t i = 0; i < backend_count; i++) {
        *index = i;
        if (strcmp(backends[i].library, library) == 0) return CKR_OK;
    }
    if (backend_count == MAX_BACKENDS) return CKR_HOST_MEMORY;
    void *loaded = dlopen(library, LOAD_FLAGS);
    if (!loaded) {
        LOG(3, "SoftHSM_Load", "%s", dlerror());
        return CKR_GENERAL_ERROR;
    }
    CK_RV (*get_list)(CK_FUNCTION_LIST **);
    *(void **)&get_list = dlsym(loaded, "C_GetFunctionList");
    CK_FUNCTION_LIST *functions = NULL;
    if (!get_list || get_list(&functions) != CKR_OK) return CKR_GENERAL_ERROR;
    *index = backend_count;
    backends[backend_count++] = (struct backend){copy_text(library), loaded, functions, false};
    return CKR_OK;
}

/* SoftHSM2 finds its token directory by this variable, and only while it is initialised. */
static CK_RV initialize(size_t index, const char *configuration) {
    const char *before = getenv("SOFTHSM2_CONF");
    char *kept = before ? copy_text(before) : NULL;
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    setenv("SOFTHSM2_CONF", configuration, 1);
    CK_RV rv = INNER(index, C_Initialize)(&arguments);
    if (kept)
        setenv("SOFTHSM2_CONF", kept, 1);
    else
        unsetenv("SOFTHSM2_CONF");
    free(kept);
    return rv;
}

CK_RV backend_open(const char *library, const char *configuration, size_t *backend) {
    CK_RV rv = load(library, backend);
    if (rv != CKR_OK || backends[*backend].initialized) return rv;
    rv = initialize(*backend, configuration);
    backends[*backend].initialized = rv == CKR_OK;
    if (rv != CKR_OK) LOG_RV("SoftHSM_Initialize", rv);
    return rv;
}

CK_RV backend_find(size_t backend, const char *label, CK_SLOT_ID *slot) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = sizeof slots / sizeof *slots;
    CK_UTF8CHAR wanted[LABEL_SIZE];
    pad(wanted, sizeof wanted, label);
    CK_RV rv = INNER(backend, C_GetSlotList)(1, slots, &count);
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        CK_TOKEN_INFO info;
        if (INNER(backend, C_GetTokenInfo)(slots[i], &info) != CKR_OK) continue;
        if (!(info.flags & CKF_TOKEN_INITIALIZED) || memcmp(info.label, wanted, sizeof wanted) != 0) continue;
        *slot = slots[i];
        return CKR_OK;
    }
    LOG(3, "SoftHSM_Find", "no token '%s'", label);
    return CKR_GENERAL_ERROR;
}

CK_FUNCTION_LIST *backend_functions(size_t backend) {
    return backends[backend].functions;
}

void backends_finalize(void) {
    for (size_t i = 0; i < backend_count; i++) {
        if (backends[i].initialized) INNER(i, C_Finalize)(NULL);
        backends[i].initialized = false;
    }
}
