/* Connecting a slot: which HSM of its cluster, the service proxy, the partition's secret, the names of failures. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sim.h"

#define PROVIDER_VERSION "2.2.4"

static unsigned turn; /* where the next connection begins among equal priorities */
static bool drawn;

CK_RV shown(CK_RV cause, CK_RV pkcs11) {
    return sim.switches.vendor_answers && cause >= VENDOR_CODES ? cause : pkcs11;
}

/* Documented of a broken connection: "receive failed", and HSM_Hello's own value is CKR_GENERAL_ERROR. */
static CK_RV cause_of(enum wire_result result, CK_RV code) {
    switch (result) {
    case WIRE_FINE: return CKR_OK;
    case WIRE_REFUSED: return code;
    case WIRE_LOST: return CKR_GENERAL_ERROR;
    case WIRE_SILENT: return VENDOR_CONNECT_TIMEOUT;
    default: return VENDOR_UNEXPECTED_DATA;
    }
}

static CK_RV ask(const char *step, int connection, struct line *request, struct line *answer) {
    CK_RV code = CKR_OK;
    enum wire_result result = wire_ask(connection, request, answer, &code);
    CK_RV cause = cause_of(result, code);
    wipe(request->text, request->size);
    if (cause != CKR_OK) LOG_RV(step, cause);
    return cause;
}

static CK_RV pass_proxy(const struct copy *copy, int connection, struct line *answer) {
    char secret[SECRET_SIZE] = "";
    const char *password = copy->proxy_password;
    if (!password) {
        CK_RV cause = secret_of(copy->proxy_user, true, secret);
        if (cause != CKR_OK) {
            LOG_RV("Proxy_Login", cause);
            return cause;
        }
        password = secret;
    }
    struct line request;
    request_begin(&request, "PROXY");
    request_add(&request, "user", copy->proxy_user);
    request_add(&request, "password", password);
    wipe(secret, sizeof secret);
    return ask("Proxy_Login", connection, &request, answer);
}

static CK_RV hello(struct slot *slot, int connection, struct line *answer) {
    struct line request;
    request_begin(&request, "HELLO");
    request_add(&request, "program", program_invocation_short_name);
    request_add(&request, "version", PROVIDER_VERSION);
    CK_RV cause = ask("HSM_Hello", connection, &request, answer);
    if (cause == CKR_OK && !answer_get(answer, "firmware", slot->firmware, sizeof slot->firmware))
        cause = VENDOR_UNEXPECTED_DATA;
    return cause;
}

/* With the permanent secret, or where there is none the setup password of primus.cfg. */
static CK_RV log_in(const struct copy *copy, int connection, struct line *answer) {
    char secret[SECRET_SIZE];
    struct line request;
    request_begin(&request, "LOGIN");
    request_add(&request, "user", copy->user_name);
    request_add(&request, "client", copy->client_id);
    CK_RV cause = secret_of(copy->user_name, false, secret);
    if (cause == CKR_OK) {
        request_add(&request, "permanent", secret);
        wipe(secret, sizeof secret);
    } else if (copy->hsm->setup_password)
        request_add(&request, "setup", copy->hsm->setup_password);
    else {
        LOG_RV("HSM_Login", cause);
        return cause;
    }
    return ask("HSM_Login", connection, &request, answer);
}

/* What LOGIN answered: the token as it is shown, and where its cryptography is. */
static CK_RV take_token(struct slot *slot, const struct line *answer) {
    char library[4096], configuration[4096], token[LABEL_SIZE + 1];
    if (!answer_get(answer, "label", slot->label, sizeof slot->label) ||
        !answer_get(answer, "serial", slot->serial, sizeof slot->serial) ||
        !answer_get(answer, "token", token, sizeof token) ||
        !answer_get(answer, "library", library, sizeof library) ||
        !answer_get(answer, "conf", configuration, sizeof configuration))
        return VENDOR_UNEXPECTED_DATA;
    CK_RV cause = backend_open(library, configuration, &slot->backend);
    return cause == CKR_OK ? backend_find(slot->backend, token, &slot->inner) : cause;
}

static CK_RV connect_copy(struct slot *slot, const struct copy *copy) {
    int connection = wire_connect(copy->hsm->host, copy->hsm->port);
    if (connection < 0) {
        LOG(3, "HSM_Connect", "connect failed errno %d", errno);
        CK_RV cause = errno == ETIMEDOUT ? VENDOR_CONNECT_TIMEOUT : VENDOR_CONNECTION_FAILED;
        LOG_RV("HSM_Connect", cause);
        return cause;
    }
    struct line answer;
    CK_RV cause = CKR_OK;
    if (copy->proxy_user) cause = pass_proxy(copy, connection, &answer);
    if (cause == CKR_OK) cause = hello(slot, connection, &answer);
    if (cause == CKR_OK) cause = log_in(copy, connection, &answer);
    if (cause == CKR_OK) cause = take_token(slot, &answer);
    if (cause != CKR_OK) {
        close(connection);
        return cause;
    }
    slot->connection = connection;
    slot->connected = copy;
    LOG(6, "HSM_Connect", "connected to HSM %s:%s (slot: %lu)", copy->hsm->host, copy->hsm->port, slot->id);
    return CKR_OK;
}

static bool is_rejection(CK_RV cause) {
    return cause != CKR_GENERAL_ERROR && cause != VENDOR_CONNECT_TIMEOUT && cause != VENDOR_CONNECTION_FAILED &&
           cause != VENDOR_UNEXPECTED_DATA;
}

/* The next copy to try: the best priority left; among equals the first is drawn at random, then they take turns. */
static const struct copy *next_copy(const struct slot *slot, bool *tried) {
    int best = 0;
    size_t equals = 0;
    for (size_t i = 0; i < slot->copy_count; i++) {
        int priority = slot->copies[i].hsm->priority;
        if (tried[i] || (equals && priority > best)) continue;
        equals = equals && priority == best ? equals + 1 : 1;
        best = priority;
    }
    if (!equals) return NULL;
    size_t chosen = equals > 1 ? turn++ % equals : 0;
    for (size_t i = 0; i < slot->copy_count; i++) {
        if (tried[i] || slot->copies[i].hsm->priority != best || chosen--) continue;
        tried[i] = true;
        return &slot->copies[i];
    }
    return NULL;
}

static void draw_first(void) {
    if (drawn) return;
    drawn = true;
    if (sim.switches.first_draw >= 0)
        turn = (unsigned)sim.switches.first_draw;
    else if (getrandom(&turn, sizeof turn, 0) != (ssize_t)sizeof turn)
        turn = (unsigned)getpid();
    turn &= 0xFFFF; /* far from wrapping */
}

void connections_begin(void) {
    drawn = false;
}

/* Tries the copies that are not tried yet, until one connects. */
static CK_RV connect_any(struct slot *slot, bool *tried) {
    CK_RV cause = VENDOR_CONNECTION_FAILED;
    const struct copy *copy;
    while ((copy = next_copy(slot, tried))) {
        cause = connect_copy(slot, copy);
        if (cause == CKR_OK) break;
        LOG(3, "HSM_Connect", "Failed to login on HSM %s:%s (slot: %lu)", copy->hsm->host, copy->hsm->port, slot->id);
        if (is_rejection(cause) && !sim.switches.next_on_rejection) break;
    }
    return cause;
}

CK_RV slot_connect(struct slot *slot) {
    if (slot->connection >= 0) return CKR_OK;
    if (slot->failure != CKR_OK && sim.switches.remember_failures)
        return shown(slot->failure, CKR_TOKEN_NOT_PRESENT);
    draw_first();
    bool *tried = grow(NULL, slot->copy_count, sizeof *tried);
    /* The HSM that was just lost comes last. */
    for (size_t i = 0; i < slot->copy_count; i++) tried[i] = &slot->copies[i] == slot->lost;
    CK_RV cause = connect_any(slot, tried);
    if (slot->lost && cause != CKR_OK && !(is_rejection(cause) && !sim.switches.next_on_rejection)) {
        for (size_t i = 0; i < slot->copy_count; i++) tried[i] = &slot->copies[i] != slot->lost;
        cause = connect_any(slot, tried);
    }
    free(tried);
    slot->lost = NULL;
    slot->failure = cause;
    return cause == CKR_OK ? CKR_OK : shown(cause, CKR_TOKEN_NOT_PRESENT);
}

void slot_disconnect(struct slot *slot) {
    if (slot->connection >= 0) close(slot->connection);
    slot->connection = -1;
    slot->connected = NULL;
}

CK_RV slot_status(struct slot *slot, struct line *status) {
    struct line request;
    request_begin(&request, "STATUS");
    CK_RV rv = slot_connect(slot);
    return rv == CKR_OK ? slot_ask(slot, &request, status) : rv;
}

/* A refusal's PKCS#11 value. */
static CK_RV refusal(CK_RV code) {
    if (code < VENDOR_CODES) return code;
    if (code == VENDOR_WRONG_PIN) return shown(code, CKR_PIN_INCORRECT);
    if (code == VENDOR_NO_SESSION_OBJECTS) return shown(code, CKR_ACTION_PROHIBITED);
    return shown(code, CKR_TOKEN_NOT_PRESENT);
}

CK_RV slot_ask(struct slot *slot, const struct line *request, struct line *answer) {
    CK_RV code = CKR_OK;
    for (size_t lost = 0;; lost++) {
        if (slot->connection < 0) {
            CK_RV rv = slot_connect(slot);
            if (rv == CKR_OK) rv = sessions_move(slot);
            if (rv != CKR_OK) return rv;
        }
        enum wire_result result = wire_ask(slot->connection, request, answer, &code);
        CK_RV cause = cause_of(result, code);
        if (cause == CKR_OK) return CKR_OK;
        LOG_RV("HSM_Request", cause);
        if (result == WIRE_REFUSED) return refusal(code);
        slot->lost = slot->connected;
        slot_disconnect(slot);
        if (slot->session_count && !sim.switches.seamless) {
            sessions_close(slot);
            return CKR_DEVICE_REMOVED;
        }
        if (lost >= slot->copy_count) return shown(cause, CKR_TOKEN_NOT_PRESENT);
    }
}
