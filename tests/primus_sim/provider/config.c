/* primus.cfg, read with the C libconfig as the provider does. */
#define _GNU_SOURCE
#include <libconfig.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

static const char *const FOLDERS[] = {"/etc/primus", "/usr/local/primus/etc"};

char *config_find(const char *variable, const char *name) {
    const char *named = getenv(variable);
    if (named) return copy_text(named);
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        char path[PATH_MAX];
        int length = snprintf(path, sizeof path, "%s%s/%s", sim.switches.root, FOLDERS[i], name);
        if (length < (int)sizeof path && access(path, F_OK) == 0) return copy_text(path);
    }
    return NULL;
}

/* A string setting, or NULL. As in the provider, a port that is written as an int is not one. */
static char *text(const config_setting_t *group, const char *name) {
    const char *value;
    return config_setting_lookup_string(group, name, &value) ? copy_text(value) : NULL;
}

static char *text_or(const config_setting_t *group, const char *name, const char *otherwise) {
    char *value = text(group, name);
    return value ? value : copy_text(otherwise);
}

static bool truth(config_t *file, const char *path, bool otherwise) {
    int value = otherwise;
    config_lookup_bool(file, path, &value);
    return value != 0;
}

static int number(config_t *file, const char *path, int otherwise) {
    config_lookup_int(file, path, &otherwise);
    return otherwise;
}

static void read_log_settings(config_t *file, struct log_settings *log) {
    const char *name;
    char path[PATH_MAX];
    if (config_lookup_string(file, "primus.log.file", &name))
        log->file = copy_text(name);
    else {
        snprintf(path, sizeof path, "%s/tmp/primus.log", sim.switches.root);
        log->file = copy_text(path);
    }
    log->write_file = truth(file, "primus.log.write_log_file", true);
    log->write_syslog = truth(file, "primus.log.write_syslog", true);
    log->line_number = truth(file, "primus.log.trace_linenumber", false);
    log->timestamp = truth(file, "primus.log.trace_timestamp", true);
    log->function = truth(file, "primus.log.trace_function", true);
    log->inout = truth(file, "primus.log.trace_inout", false);
    log->pid = truth(file, "primus.log.trace_pid", true);
    log->file_name = truth(file, "primus.log.trace_filename", false);
    log->mask = number(file, "primus.log.trace_mask", 0);
    log->level = number(file, "primus.log.trace_level", 4);
}

static struct slot *slot_with_id(struct config *config, CK_SLOT_ID id) {
    for (size_t i = 0; i < config->slot_count; i++)
        if (config->slots[i].id == id) return &config->slots[i];
    config->slots = grow(config->slots, config->slot_count + 1, sizeof *config->slots);
    struct slot *slot = &config->slots[config->slot_count++];
    memset(slot, 0, sizeof *slot);
    slot->id = id;
    slot->connection = -1;
    return slot;
}

/* A slot needs an id and a user_name; one without them is left out. */
static void read_slot(struct config *config, const struct hsm *hsm, const config_setting_t *group) {
    int id;
    const char *user;
    if (!config_setting_lookup_int(group, "id", &id) || id < 0) return;
    if (!config_setting_lookup_string(group, "user_name", &user)) return;
    struct slot *slot = slot_with_id(config, (CK_SLOT_ID)id);
    slot->copies = grow(slot->copies, slot->copy_count + 1, sizeof *slot->copies);
    slot->copies[slot->copy_count++] = (struct copy){
        .hsm = hsm,
        .group = copy_text(config_setting_name(group)),
        .user_name = copy_text(user),
        .client_id = text_or(group, "client_id", ""),
        .proxy_user = text(group, "proxy_user"),
        .proxy_password = text(group, "proxy_password"),
    };
}

static void read_hsm(struct config *config, const config_setting_t *group) {
    const char *host;
    if (!config_setting_lookup_string(group, "host", &host)) return;
    struct hsm *hsm = grow(NULL, 1, sizeof *hsm);
    *hsm = (struct hsm){copy_text(config_setting_name(group)), copy_text(host),
                        text_or(group, "port", "2310"), text(group, "pin"), 0};
    config_setting_lookup_int(group, "priority", &hsm->priority);
    config->hsms = grow(config->hsms, config->hsm_count + 1, sizeof *config->hsms);
    config->hsms[config->hsm_count++] = hsm;
    config_setting_t *slots = config_setting_get_member(group, "slots");
    for (int i = 0; slots && i < config_setting_length(slots); i++) {
        config_setting_t *slot = config_setting_get_elem(slots, (unsigned)i);
        if (config_setting_is_group(slot)) read_slot(config, hsm, slot);
    }
}

CK_RV config_load(struct config *config) {
    memset(config, 0, sizeof *config);
    config_t file;
    config_init(&file);
    CK_RV cause = CKR_OK;
    char *path = config_find("SECUROSYS_PKCS11_CONF", "primus.cfg");
    if (!path || access(path, F_OK) != 0)
        cause = VENDOR_NO_CONFIGURATION;
    else if (!config_read_file(&file, path))
        cause = VENDOR_BAD_CONFIGURATION;
    free(path);
    read_log_settings(&file, &config->log);
    config->wait_delay = number(&file, "primus.wait_delay", 250);
    config->wait_max_tries = number(&file, "primus.wait_max_tries", 5);
    config->connect_on_init = truth(&file, "primus.connect_on_init", true);
    config_setting_t *hsms = config_lookup(&file, "primus.hsms");
    for (int i = 0; hsms && i < config_setting_length(hsms); i++) {
        config_setting_t *hsm = config_setting_get_elem(hsms, (unsigned)i);
        if (config_setting_is_group(hsm)) read_hsm(config, hsm);
    }
    if (cause == CKR_OK && !config->slot_count) cause = VENDOR_NOTHING_CONFIGURED;
    config_destroy(&file);
    return cause;
}

static void free_secret(char *secret) {
    if (secret) wipe(secret, strlen(secret));
    free(secret);
}

void config_free(struct config *config) {
    for (size_t i = 0; i < config->slot_count; i++) {
        struct slot *slot = &config->slots[i];
        for (size_t k = 0; k < slot->copy_count; k++) {
            free(slot->copies[k].group);
            free(slot->copies[k].user_name);
            free(slot->copies[k].client_id);
            free(slot->copies[k].proxy_user);
            free_secret(slot->copies[k].proxy_password);
        }
        free(slot->copies);
        wipe(slot->pin, sizeof slot->pin);
    }
    free(config->slots);
    for (size_t i = 0; i < config->hsm_count; i++) {
        free(config->hsms[i]->name);
        free(config->hsms[i]->host);
        free(config->hsms[i]->port);
        free_secret(config->hsms[i]->setup_password);
        free(config->hsms[i]);
    }
    free(config->hsms);
    free(config->log.file);
    memset(config, 0, sizeof *config);
}
