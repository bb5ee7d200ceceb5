/* The stand-in's own switches: a libconfig file beside the library (../etc/stand-in.cfg), and misbehaviour. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libconfig.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

static const char *const ACTION_NAMES[] = {"crash", "abort", "exit", "hang", "print", "answer"};

/* PREFIX/etc/stand-in.cfg for a library PREFIX/lib/NAME.so, or what PRIMUS_SIM_SWITCHES names. */
static bool switches_path(char *path, size_t size) {
    const char *named = getenv("PRIMUS_SIM_SWITCHES");
    if (named) return snprintf(path, size, "%s", named) < (int)size;
    Dl_info info;
    if (!dladdr((void *)(uintptr_t)C_Initialize, &info) || !info.dli_fname) return false;
    char library[PATH_MAX];
    if (!realpath(info.dli_fname, library)) return false;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(library, '/');
        if (!slash) return false;
        *slash = '\0';
    }
    return snprintf(path, size, "%s/etc/stand-in.cfg", library) < (int)size;
}

static const char *word(config_t *file, const char *path, const char *otherwise) {
    const char *value;
    return config_lookup_string(file, path, &value) ? value : otherwise;
}

static bool is(config_t *file, const char *path, const char *value, const char *otherwise) {
    return strcmp(word(file, path, otherwise), value) == 0;
}

static void read_misbehaviour(config_setting_t *entry, struct switches *switches) {
    struct misbehaviour *one = &switches->misbehaviours[switches->misbehaviour_count];
    const char *function = "", *action = "", *at = "", *text = "", *code = "0";
    config_setting_lookup_string(entry, "function", &function);
    config_setting_lookup_string(entry, "action", &action);
    config_setting_lookup_string(entry, "at", &at);
    config_setting_lookup_string(entry, "text", &text);
    config_setting_lookup_string(entry, "code", &code);
    for (size_t i = 0; i < sizeof ACTION_NAMES / sizeof *ACTION_NAMES; i++) {
        if (strcmp(action, ACTION_NAMES[i]) != 0) continue;
        *one = (struct misbehaviour){copy_text(function), (enum action)i, copy_text(at), copy_text(text),
                                     strtoul(code, NULL, 0)};
        switches->misbehaviour_count++;
        return;
    }
}

void switches_load(struct switches *switches) {
    char path[PATH_MAX];
    config_t file;
    config_init(&file);
    /* Without a file every lookup gives the default. */
    if (switches_path(path, sizeof path) && !config_read_file(&file, path) &&
        config_error_type(&file) == CONFIG_ERR_PARSE)
        fprintf(stderr, "stand-in: %s:%d: %s\n", path, config_error_line(&file), config_error_text(&file));
    switches->vendor_answers = is(&file, "library.answers", "vendor", "pkcs11");
    switches->pin_flags = is(&file, "library.pin_flags", "shown", "shown");
    switches->seamless = is(&file, "library.failover", "seamless", "seamless");
    switches->next_on_rejection = is(&file, "library.on_rejection", "next", "next");
    switches->remember_failures = is(&file, "library.after_failure", "remember", "again");
    switches->list_all = is(&file, "library.slot_list", "all", "present");
    switches->init = is(&file, "library.init_fails", "none", "never")  ? INIT_FAILS_IF_NONE
                     : is(&file, "library.init_fails", "any", "never") ? INIT_FAILS_IF_ANY
                                                                       : INIT_NEVER_FAILS;
    switches->first_draw = -1;
    config_lookup_int(&file, "library.first_draw", &switches->first_draw);
    switches->missing_secret = strtoul(word(&file, "library.missing_secret", "0x8000000C"), NULL, 0);
    switches->root = copy_text(word(&file, "library.root", ""));
    config_setting_t *list = config_lookup(&file, "library.misbehaviours");
    int count = list ? config_setting_length(list) : 0;
    switches->misbehaviours = grow(NULL, (size_t)count, sizeof *switches->misbehaviours);
    switches->misbehaviour_count = 0;
    for (int i = 0; i < count; i++) read_misbehaviour(config_setting_get_elem(list, (unsigned)i), switches);
    config_destroy(&file);
}

void switches_free(struct switches *switches) {
    for (size_t i = 0; i < switches->misbehaviour_count; i++) {
        free(switches->misbehaviours[i].function);
        free(switches->misbehaviours[i].at);
        free(switches->misbehaviours[i].text);
    }
    free(switches->misbehaviours);
    free(switches->root);
    memset(switches, 0, sizeof *switches);
}

static bool is_at(const char *at, const struct slot *slot) {
    for (size_t i = 0; i < slot->copy_count; i++) {
        const struct copy *copy = &slot->copies[i];
        char place[300];
        snprintf(place, sizeof place, "%s:%s", copy->hsm->host, copy->hsm->port);
        if (strcmp(at, copy->user_name) == 0 || strcmp(at, copy->hsm->port) == 0 || strcmp(at, place) == 0)
            return true;
    }
    return false;
}

static bool concerns(const struct misbehaviour *one, const char *function, const struct slot *slot) {
    if (strcmp(one->function, function) != 0) return false;
    if (!*one->at) return true;
    if (slot) return is_at(one->at, slot);
    for (size_t i = 0; i < sim.config.slot_count; i++)
        if (is_at(one->at, &sim.config.slots[i])) return true;
    return false;
}

CK_RV misbehave(const char *function, const struct slot *slot) {
    for (size_t i = 0; i < sim.switches.misbehaviour_count; i++) {
        const struct misbehaviour *one = &sim.switches.misbehaviours[i];
        if (!concerns(one, function, slot)) continue;
        switch (one->action) {
        case ACT_CRASH:
            signal(SIGSEGV, SIG_DFL);
            raise(SIGSEGV);
            break;
        case ACT_ABORT: abort();
        case ACT_EXIT: _exit(3);
        case ACT_HANG:
            for (;;) pause();
        case ACT_PRINT:
            printf("%s\n", one->text);
            fflush(stdout);
            fprintf(stderr, "%s\n", one->text);
            break;
        case ACT_ANSWER: return one->code;
        }
    }
    return CKR_OK;
}
