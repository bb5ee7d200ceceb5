/* What the odd module leaves behind: its journal, copies of configurations, PIN counters, the provider's log.
 *
 * records/journal has a line for each event, its fields separated by blanks, %XX for odd bytes, "-" for none:
 *   TIME PID KIND FUNCTION SLOT LABEL PLACES DETAIL
 * TIME is CLOCK_MONOTONIC in seconds. KINDs: call (a function was entered), answer (it comes back; DETAIL is the
 * return value), pin (C_Login was handed this PIN; DETAIL), file (C_Initialize was pointed at a file: FUNCTION is
 * the variable, LABEL its value, DETAIL the name of the copy in records). A call without an answer never came back.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h> /* program_invocation_short_name */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "odd_module.h"

static void encode(const char *text, char *into, size_t size) {
    size_t used = 0;
    bool nothing = !text || !*text, dash = !nothing && strcmp(text, "-") == 0;
    if (nothing) text = "-";
    for (; *text && used + 4 < size; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte <= ' ' || byte == '%' || byte == '/' || byte >= 0x7F || dash)
            used += (size_t)sprintf(into + used, "%%%02X", byte);
        else
            into[used++] = *text;
    }
    into[used] = '\0';
}

/* One write to a file opened for appending: lines of several processes never mix. */
static void append(const char *path, const char *line) {
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || write(file, line, strlen(line)) < 0) err(1, "odd module: %s", path);
    close(file);
}

static void write_journal(const char *kind, const char *function, CK_SLOT_ID *id, const char *label,
                          const char *places, const char *detail) {
    char path[PATH_MAX + 16], line[8 * ODD_TEXT + 3 * PATH_MAX], slot[32] = "-";
    char coded_label[3 * PATH_MAX], coded_places[2 * ODD_TEXT], coded_detail[3 * ODD_TEXT];
    struct timespec now;
    if (!odd.records[0]) return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (id) snprintf(slot, sizeof slot, "%lu", *id);
    encode(label, coded_label, sizeof coded_label);
    encode(places, coded_places, sizeof coded_places);
    encode(detail, coded_detail, sizeof coded_detail);
    snprintf(path, sizeof path, "%s/journal", odd.records);
    snprintf(line, sizeof line, "%ld.%09ld %d %s %s %s %s %s %s\n", (long)now.tv_sec, now.tv_nsec, getpid(), kind,
             function, slot, coded_label, coded_places, coded_detail);
    append(path, line);
}

void odd_journal(const char *kind, const char *function, const odd_slot *slot, const char *detail) {
    CK_SLOT_ID id = slot ? slot->id : 0;
    write_journal(kind, function, slot ? &id : NULL, slot ? slot->label : NULL, slot ? slot->places : NULL, detail);
}

void odd_record_file(const char *variable) {
    static int number;
    char copy[PATH_MAX + 64], bytes[65536];
    const char *path = getenv(variable), *name;
    size_t length;
    if (!path || !odd.records[0]) return;
    snprintf(copy, sizeof copy, "%s/%d-%d", odd.records, getpid(), number++);
    name = strrchr(copy, '/') + 1;
    FILE *from = fopen(path, "re");
    if (from) {
        FILE *to = fopen(copy, "we");
        if (!to) err(1, "odd module: %s", copy);
        while ((length = fread(bytes, 1, sizeof bytes, from)) > 0) fwrite(bytes, 1, length, to);
        fclose(to);
        fclose(from);
    }
    write_journal("file", variable, NULL, path, NULL, from ? name : NULL);
}

/* The provider's form: `2021-04-07 21:30:20.972 - pkcs11-tool[74481:74481] - 3 - HSM_Hello() - rv: 0x8000004e`. */
void odd_log(int level, const char *function, const char *text) {
    char line[4 * ODD_TEXT] = "", now[32];
    size_t used = 0;
    struct timespec time;
    struct tm parts;
    if (!odd.log_file[0] || level > odd.trace_level) return;
    clock_gettime(CLOCK_REALTIME, &time);
    localtime_r(&time.tv_sec, &parts);
    strftime(now, sizeof now, "%F %T", &parts);
#define FIELD(...) used += (size_t)snprintf(line + used, sizeof line - used, __VA_ARGS__)
    if (odd.trace_timestamp) FIELD("%s.%03ld - ", now, time.tv_nsec / 1000000);
    if (odd.trace_pid) FIELD("%s[%d:%d] - ", program_invocation_short_name, getpid(), gettid());
    FIELD("%d - ", level);
    if (odd.trace_function) FIELD("%s() - ", function);
    FIELD("%.400s\n", text);
#undef FIELD
    append(odd.log_file, line);
}

CK_ULONG odd_wrong_pins(const char *label, long change) {
    char path[PATH_MAX + 4 * ODD_TEXT], name[3 * ODD_TEXT];
    unsigned long wrong = 0;
    if (!odd.records[0]) return 0;
    encode(label, name, sizeof name);
    snprintf(path, sizeof path, "%s/wrong-pins-%s", odd.records, name);
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r+");
    if (!file || flock(descriptor, LOCK_EX) < 0) err(1, "odd module: %s", path);
    if (fscanf(file, "%lu", &wrong) != 1) wrong = 0;
    if (change != 0) {
        wrong = change == LONG_MIN ? 0 : wrong + (unsigned long)change;
        rewind(file);
        if (ftruncate(descriptor, 0) < 0 || fprintf(file, "%lu\n", wrong) < 0) err(1, "odd module: %s", path);
    }
    fclose(file);
    return wrong;
}
