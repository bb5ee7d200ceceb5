/* The wire protocol (wire.md): lines of words with values, one answer for one request. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim.h"

static void append(struct line *line, char byte) {
    if (line->size + 2 > sizeof line->text) {
        line->overflow = true;
        return;
    }
    line->text[line->size++] = byte;
    line->text[line->size] = '\0';
}

static void append_text(struct line *line, const char *text) {
    while (*text) append(line, *text++);
}

void request_begin(struct line *request, const char *word) {
    request->size = 0;
    request->overflow = false;
    append_text(request, word);
}

void request_add(struct line *request, const char *key, const char *value) {
    append(request, ' ');
    append_text(request, key);
    append(request, '=');
    for (const unsigned char *byte = (const unsigned char *)value; *byte; byte++) {
        if (isalnum(*byte) || strchr("-._~", *byte)) {
            append(request, (char)*byte);
            continue;
        }
        append(request, '%');
        append(request, "0123456789ABCDEF"[*byte >> 4]);
        append(request, "0123456789ABCDEF"[*byte & 15]);
    }
}

/* Waits in steps of wait_delay, wait_max_tries of them, as the settings say. */
static bool wait_for(int connection, short event) {
    int delay = sim.config.wait_delay > 0 ? sim.config.wait_delay : 1;
    for (int tries = sim.config.wait_max_tries > 0 ? sim.config.wait_max_tries : 1; tries > 0; tries--) {
        struct pollfd wanted = {connection, event, 0};
        if (poll(&wanted, 1, delay) > 0) return true;
    }
    return false;
}

static bool connect_to(int connection, const struct addrinfo *address) {
    if (connect(connection, address->ai_addr, address->ai_addrlen) == 0) return true;
    if (errno != EINPROGRESS) return false;
    if (!wait_for(connection, POLLOUT)) {
        errno = ETIMEDOUT;
        return false;
    }
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error == 0;
}

int wire_connect(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        errno = EHOSTUNREACH;
        return -1;
    }
    int connection = -1, error = EHOSTUNREACH;
    for (const struct addrinfo *address = found; address && connection < 0; address = address->ai_next) {
        connection = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connection >= 0 && !connect_to(connection, address)) {
            error = errno;
            close(connection);
            connection = -1;
        }
    }
    freeaddrinfo(found);
    errno = error;
    return connection;
}

static enum wire_result send_line(int connection, const struct line *line) {
    for (size_t sent = 0; sent < line->size;) {
        ssize_t count = send(connection, line->text + sent, line->size - sent, MSG_NOSIGNAL);
        if (count > 0)
            sent += (size_t)count;
        else if (errno == EAGAIN) {
            if (!wait_for(connection, POLLOUT)) return WIRE_SILENT;
        } else if (errno != EINTR) {
            LOG(3, "HSM_Send", "send failed errno %d", errno);
            return WIRE_LOST;
        }
    }
    return WIRE_FINE;
}

static enum wire_result receive_line(int connection, struct line *line) {
    line->size = 0;
    line->overflow = false;
    while (line->size + 1 < sizeof line->text) {
        if (!wait_for(connection, POLLIN)) {
            LOG(3, "HSM_Receive", "receive failed errno %d", ETIMEDOUT);
            return WIRE_SILENT;
        }
        ssize_t count = recv(connection, line->text + line->size, sizeof line->text - 1 - line->size, 0);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) {
            LOG(3, "HSM_Receive", "receive failed errno %d", count == 0 ? ECONNRESET : errno);
            return WIRE_LOST;
        }
        line->size += (size_t)count;
        line->text[line->size] = '\0';
        const char *end = memchr(line->text, '\n', line->size);
        if (!end) continue;
        /* One request has one answer: nothing may follow it. */
        if (end + 1 != line->text + line->size || memchr(line->text, 0, line->size)) return WIRE_NONSENSE;
        line->text[--line->size] = '\0';
        return WIRE_FINE;
    }
    return WIRE_NONSENSE;
}

/* The value behind " key=", up to the next blank; NULL: it is not there. */
static const char *find_value(const struct line *line, const char *key) {
    size_t length = strlen(key);
    for (const char *at = strchr(line->text, ' '); at; at = strchr(at + 1, ' '))
        if (strncmp(at + 1, key, length) == 0 && at[1 + length] == '=') return at + 2 + length;
    return NULL;
}

bool answer_get(const struct line *answer, const char *key, char *value, size_t size) {
    const char *at = find_value(answer, key);
    if (!at) return false;
    size_t length = 0;
    for (; *at && *at != ' '; at++) {
        char byte = *at;
        if (byte == '%') {
            if (!isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2])) return false;
            const char digits[] = {at[1], at[2], '\0'};
            byte = (char)strtoul(digits, NULL, 16);
            at += 2;
        }
        if (!byte || length + 1 >= size) return false;
        value[length++] = byte;
    }
    value[length] = '\0';
    return true;
}

enum wire_result wire_ask(int connection, const struct line *request, struct line *answer, CK_RV *code) {
    struct line sent = *request;
    append(&sent, '\n');
    if (sent.overflow) return WIRE_NONSENSE;
    if (sim.config.log.mask & MASK_SERIALIZATION) LOG(6, "HSM_Send", "%s", request->text);
    enum wire_result result = send_line(connection, &sent);
    wipe(sent.text, sent.size);
    if (result == WIRE_FINE) result = receive_line(connection, answer);
    if (result != WIRE_FINE) return result;
    if (sim.config.log.mask & MASK_RECEIVED) LOG(6, "HSM_Receive", "%s", answer->text);
    if (strcmp(answer->text, "OK") == 0 || strncmp(answer->text, "OK ", 3) == 0) return WIRE_FINE;
    char text[32], *end;
    if (strncmp(answer->text, "ERR ", 4) != 0 || !answer_get(answer, "code", text, sizeof text))
        return WIRE_NONSENSE;
    *code = strtoul(text, &end, 16);
    return *end || *code == CKR_OK || *code > 0xFFFFFFFF ? WIRE_NONSENSE : WIRE_REFUSED;
}
