/* How the odd module misbehaves: the fault lines of its control file, carried out at a call. */
#define _GNU_SOURCE
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "odd_module.h"

enum { FUNCTION, AT, ACTION, ARGUMENT, SECOND_ARGUMENT };

/* Through the C library's buffers and past them: a caller has to be safe from both. */
static void print(const char *text) {
    if (!*text) text = "odd module was here";
    printf("%s (printf to stdout)\n", text);
    fprintf(stderr, "%s (printf to stderr)\n", text);
    fflush(stdout);
    dprintf(STDOUT_FILENO, "%s (write to 1)\n", text);
    dprintf(STDERR_FILENO, "%s (write to 2)\n", text);
}

static void delay(long milliseconds) {
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) < 0) continue;
}

static void ignore_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_IGN);
}

/* A handler set by the host program cannot run to its end while a call hangs in C, so SIGTERM gets its default. */
static _Noreturn void hang(bool hard) {
    sigset_t all;
    signal(SIGTERM, SIG_DFL);
    sigfillset(&all);
    if (hard) sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;) pause();
}

/* A true fault of memory: whatever handler the host program has set for it has its turn. */
static void crash(void) {
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
}

static bool carry_out(const odd_rule *rule, CK_RV *answer) {
    const char *action = rule->word[ACTION], *argument = rule->word[ARGUMENT];
    if (strcmp(action, "print") == 0) {
        print(argument);
    } else if (strcmp(action, "delay") == 0) {
        delay(strtol(argument, NULL, 0));
    } else if (strcmp(action, "log") == 0) {
        odd_log(3, argument, rule->word[SECOND_ARGUMENT]);
    } else if (strcmp(action, "close") == 0) {
        close(atoi(argument));
    } else if (strcmp(action, "signals") == 0) {
        ignore_signals();
    } else if (strcmp(action, "exit") == 0) {
        exit(atoi(argument));
    } else if (strcmp(action, "crash") == 0) {
        crash();
    } else if (strcmp(action, "abort") == 0) {
        abort();
    } else if (strcmp(action, "hang") == 0 || strcmp(action, "hang-hard") == 0) {
        hang(strcmp(action, "hang-hard") == 0);
    } else if (strcmp(action, "return") == 0) {
        *answer = strtoul(argument, NULL, 0);
        return true;
    } else {
        errx(1, "odd module: unknown action %s", action);
    }
    return false;
}

bool odd_fault(const char *function, const odd_slot *slot, CK_RV *answer) {
    for (const odd_rule *rule = odd.faults; rule; rule = rule->next) {
        bool here = strcmp(rule->word[FUNCTION], function) == 0;
        bool everywhere = strcmp(rule->word[FUNCTION], "*") == 0 && strncmp(function, "C_", 2) == 0;
        if ((here || everywhere) && odd_matches(rule->word[AT], slot) && carry_out(rule, answer)) return true;
    }
    return false;
}
