/* What the parts of the stand-in provider library know of each other. */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cryptoki.h"

#define VENDOR_CODES 0x80000000UL /* from here on a code is the vendor's (0x8…) or the HSM system's (0xC…) */
#define VENDOR_UNEXPECTED_DATA 0x80000001UL
#define VENDOR_WRONG_PIN 0x8000000BUL
#define VENDOR_CONNECT_TIMEOUT 0x8000003BUL
#define VENDOR_NO_SESSION_OBJECTS 0x8000005FUL
#define VENDOR_NOTHING_CONFIGURED 0x80005001UL
#define VENDOR_NO_CONFIGURATION 0x80005003UL
#define VENDOR_NO_SECRETS_FILE 0x80005004UL
#define VENDOR_BAD_CONFIGURATION 0x80005005UL
#define VENDOR_BAD_SECRETS_FILE 0x80005006UL
#define VENDOR_BAD_SECRETS_ELEMENT 0x80005009UL
#define VENDOR_CONNECTION_FAILED 0x80005015UL

#define LABEL_SIZE 32
#define SECRET_SIZE 512  /* a secret in clear text, with its terminating zero */
#define MAX_BACKENDS 16  /* copies of SoftHSM2, one for each HSM */

/* ---- switches.c: the stand-in's own switches (tests/primus_sim/switches.py lists them) ---- */

enum action { ACT_CRASH, ACT_ABORT, ACT_EXIT, ACT_HANG, ACT_PRINT, ACT_ANSWER };

struct misbehaviour {
    char *function;
    enum action action;
    char *at; /* a user_name, HOST:PORT or PORT; "" everywhere */
    char *text;
    CK_RV code;
};

struct switches {
    bool vendor_answers, pin_flags, seamless, next_on_rejection, remember_failures, list_all;
    enum { INIT_NEVER_FAILS, INIT_FAILS_IF_NONE, INIT_FAILS_IF_ANY } init;
    int first_draw; /* -1: at random */
    CK_RV missing_secret;
    char *root; /* the searched places lie below it */
    struct misbehaviour *misbehaviours;
    size_t misbehaviour_count;
};

struct slot;
void switches_load(struct switches *switches);
void switches_free(struct switches *switches);
/* Carries out what is switched on for this function: CKR_OK, or the value to answer with. slot: NULL for all. */
CK_RV misbehave(const char *function, const struct slot *slot);

/* ---- config.c: primus.cfg ---- */

struct hsm {
    char *name, *host, *port, *setup_password; /* setup_password: the `pin` of primus.cfg, or NULL */
    int priority;
};

/* One slot group of primus.cfg: a partition on one HSM. The same slot id on several HSMs makes copies of a slot. */
struct copy {
    const struct hsm *hsm;
    char *group, *user_name, *client_id, *proxy_user, *proxy_password; /* the last two may be NULL */
};

struct session {
    CK_SESSION_HANDLE handle; /* 0: free */
    struct slot *slot;
    CK_FLAGS flags;
    CK_SESSION_HANDLE inner[MAX_BACKENDS]; /* SoftHSM2's session on each HSM that this one has been on, or 0 */
};

struct slot {
    CK_SLOT_ID id;
    struct copy *copies;
    size_t copy_count;
    int connection; /* file descriptor, -1: none */
    const struct copy *connected, *lost; /* lost: the one that the connection broke to, or NULL */
    size_t backend; /* index of the connected HSM's SoftHSM2 */
    CK_SLOT_ID inner;
    char label[LABEL_SIZE + 1], serial[17], firmware[64];
    CK_RV failure; /* the cause that the last attempt to connect ended with */
    bool logged_in;
    char pin[SECRET_SIZE]; /* while logged in, for another HSM of the cluster */
    size_t session_count;
};

struct log_settings {
    char *file;
    bool write_file, write_syslog, line_number, timestamp, function, inout, pid, file_name;
    int mask, level;
};

struct config {
    int wait_delay, wait_max_tries;
    bool connect_on_init;
    struct hsm **hsms; /* each of its own, because copies point to them */
    size_t hsm_count;
    struct slot *slots;
    size_t slot_count;
    struct log_settings log;
};

#define MASK_INPUT 1
#define MASK_SERIALIZATION 2
#define MASK_RECEIVED 4

/* CKR_OK, or the vendor's code. The log settings are usable in either case. */
CK_RV config_load(struct config *config);
void config_free(struct config *config);
/* The file that an environment variable names, or the first of the searched ones; malloc'd. NULL: there is none. */
char *config_find(const char *variable, const char *name);

/* ---- secrets.c: .secrets.cfg ---- */

/* Reads the file, once, as primus.cfg: the process may lose the right to read it later. */
void secrets_load(void);
void secrets_free(void);
/* The secret of a user (or proxy user) in clear text: CKR_OK, or the vendor's code for why there is none. */
CK_RV secret_of(const char *user, bool proxy, char clear[SECRET_SIZE]);

/* ---- log.c ---- */

void log_open(void);
void log_close(void);
void log_write(const char *file, int line, int level, const char *function, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
#define LOG(level, function, ...) log_write(__FILE__, __LINE__, level, function, __VA_ARGS__)
#define LOG_RV(function, rv) LOG(3, function, "rv: 0x%lx", (CK_RV)(rv))

/* ---- wire.c: wire.md ---- */

#define WIRE_LINE 16384

struct line {
    char text[WIRE_LINE];
    size_t size;
    bool overflow;
};

enum wire_result { WIRE_FINE, WIRE_REFUSED, WIRE_LOST, WIRE_SILENT, WIRE_NONSENSE };

void request_begin(struct line *request, const char *word);
void request_add(struct line *request, const char *key, const char *value);
/* A connected socket, or -1 and errno. */
int wire_connect(const char *host, const char *port);
/* Sends the request, gives the answer; with WIRE_REFUSED *code is the HSM's. Wipes nothing. */
enum wire_result wire_ask(int connection, const struct line *request, struct line *answer, CK_RV *code);
/* A value of an answer; false when it is not there or does not fit. */
bool answer_get(const struct line *answer, const char *key, char *value, size_t size);

/* ---- connect.c ---- */

/* Connects a slot and authenticates, unless it is connected: CKR_OK, or what to answer. */
CK_RV slot_connect(struct slot *slot);
void slot_disconnect(struct slot *slot);
/* The library was initialised: the first draw is yet to come. */
void connections_begin(void);
/* Asks the slot's HSM, or another of its cluster when that one is lost: CKR_OK, or what to answer. */
CK_RV slot_ask(struct slot *slot, const struct line *request, struct line *answer);
/* Connects a slot that is not connected, and makes sure that the HSM of one that is is still there. */
CK_RV slot_status(struct slot *slot, struct line *status);
/* What a function answers for a cause: the PKCS#11 value, or the vendor's code where that is switched on. */
CK_RV shown(CK_RV cause, CK_RV pkcs11);

/* ---- softhsm.c: everything cryptographic ---- */

CK_RV backend_open(const char *library, const char *configuration, size_t *backend);
CK_RV backend_find(size_t backend, const char *label, CK_SLOT_ID *slot);
CK_FUNCTION_LIST *backend_functions(size_t backend);
void backends_finalize(void);

/* ---- sessions.c ---- */

CK_RV session_open(struct slot *slot, CK_FLAGS flags, CK_SESSION_HANDLE *handle);
struct session *session_find(CK_SESSION_HANDLE handle);
void session_close(struct session *session);
void sessions_close(const struct slot *slot); /* NULL: of all slots */
/* Opens a slot's sessions on the HSM that it is connected with now. */
CK_RV sessions_move(struct slot *slot);
CK_RV slot_login(struct slot *slot, const struct session *session, const char *pin);
void slot_logout(struct slot *slot);
/* Object handles tell the HSM on which they are valid. Seen from outside, and for the HSM connected now. */
void object_shown(const struct session *session, CK_OBJECT_HANDLE *handle);
CK_OBJECT_HANDLE object_here(const struct session *session, CK_OBJECT_HANDLE handle);

/* ---- provider.c ---- */

struct sim {
    bool initialized;
    pid_t process;
    struct switches switches;
    struct config config;
};
extern struct sim sim;

/* Every entry point begins with one of these and ends with leave(), also when they do not return CKR_OK. */
CK_RV enter(const char *function);
CK_RV enter_slot(const char *function, CK_SLOT_ID id, struct slot **slot);
CK_RV enter_session(const char *function, CK_SESSION_HANDLE handle, bool makes_session_object,
                    struct session **session);
CK_RV leave(const char *function, CK_RV rv);

/* Calls the same function of SoftHSM2, with the type that our own function of this name has. */
#define INNER(index, function) ((__typeof__(&function))backend_functions(index)->function)

void wipe(void *memory, size_t size);
/* As strdup and calloc; the process ends when there is no memory. */
char *copy_text(const char *text);
void *grow(void *array, size_t count, size_t size);
void pad(CK_UTF8CHAR *field, size_t size, const char *text);

#endif
