/* The provider's log, in the documented form: time - process[pid:tid] - level - function() - text. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

static int log_file = -1;

void log_open(void) {
    const struct log_settings *settings = &sim.config.log;
    if (settings->write_file)
        log_file = open(settings->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
    if (settings->write_syslog) openlog("primus", LOG_PID, LOG_LOCAL1);
}

void log_close(void) {
    if (log_file >= 0) close(log_file);
    log_file = -1;
    if (sim.config.log.write_syslog) closelog();
}

struct text {
    char *at, *end;
};

static void add(struct text *text, const char *format, va_list arguments) {
    int length = vsnprintf(text->at, (size_t)(text->end - text->at), format, arguments);
    size_t room = (size_t)(text->end - text->at) - 1;
    text->at += (size_t)length < room ? (size_t)length : room;
}

static void __attribute__((format(printf, 2, 3))) field(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add(text, format, arguments);
    va_end(arguments);
}

static void add_time(struct text *text) {
    struct timeval now;
    struct tm local;
    char date[32];
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &local);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
    field(text, "%s.%03d - ", date, (int)(now.tv_usec / 1000));
}

void log_write(const char *file, int line, int level, const char *function, const char *format, ...) {
    const struct log_settings *settings = &sim.config.log;
    if (level > settings->level || (log_file < 0 && !settings->write_syslog)) return;
    int saved = errno;
    char buffer[WIRE_LINE + 512];
    struct text text = {buffer, buffer + sizeof buffer - 1};
    if (settings->timestamp) add_time(&text);
    if (settings->pid) field(&text, "%s[%d:%d] - ", program_invocation_short_name, getpid(), gettid());
    field(&text, "%d - ", level);
    const char *slash = strrchr(file, '/');
    if (settings->file_name) field(&text, "%s - ", slash ? slash + 1 : file);
    if (settings->line_number) field(&text, "%d - ", line);
    if (settings->function) field(&text, "%s() - ", function);
    va_list arguments;
    va_start(arguments, format);
    add(&text, format, arguments);
    va_end(arguments);
    if (settings->write_syslog) syslog(LOG_LOCAL1 | (level & 7), "%s", buffer);
    *text.at++ = '\n';
    if (log_file >= 0 && write(log_file, buffer, (size_t)(text.at - buffer)) < 0) {
        /* A log that cannot be written must not stop the application. */
    }
    errno = saved;
}
