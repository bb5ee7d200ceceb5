/* What the odd module is told: its control file, and the provider configuration that it was pointed at. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <err.h>
#include <libconfig.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odd_module.h"

#define LINE 8192
#define WORDS 6

odd_state odd;

static void decode(const char *word, char *into, size_t size) {
    size_t used = 0;
    for (; *word && used + 1 < size; word++) {
        unsigned byte;
        if (*word == '%' && sscanf(word + 1, "%2x", &byte) == 1) {
            into[used++] = (char)byte;
            word += 2;
        } else {
            into[used++] = *word;
        }
    }
    into[used] = '\0';
}

static odd_slot *add_slot(CK_SLOT_ID id, const char *label) {
    odd_slot *grown = realloc(odd.slots, (odd.slot_count + 1) * sizeof *grown);
    if (!grown) err(1, "odd module");
    odd.slots = grown;
    odd_slot *slot = &odd.slots[odd.slot_count++];
    memset(slot, 0, sizeof *slot);
    slot->id = id;
    slot->present = label != NULL;
    snprintf(slot->label, sizeof slot->label, "%s", label ? label : "");
    slot->places = strdup(" ");
    return slot;
}

static void drop_slots(void) {
    for (CK_ULONG i = 0; i < odd.slot_count; i++) free(odd.slots[i].places);
    odd.slot_count = 0;
}

static void drop_rules(odd_rule **rules) {
    while (*rules) {
        odd_rule *next = (*rules)->next;
        free(*rules);
        *rules = next;
    }
}

static void append_rule(odd_rule **rules, char words[WORDS + 1][ODD_TEXT]) {
    odd_rule *rule = calloc(1, sizeof *rule);
    if (!rule) err(1, "odd module");
    memcpy(rule->word, words + 1, sizeof rule->word);
    while (*rules) rules = &(*rules)->next;
    *rules = rule;
}

static CK_VERSION version(const char *text) {
    unsigned major = 0, minor = 0;
    sscanf(text, "%u.%u", &major, &minor);
    return (CK_VERSION){(CK_BYTE)major, (CK_BYTE)minor};
}

static void obey(char words[WORDS + 1][ODD_TEXT], int count) {
    const char *verb = words[0], *first = words[1];
    if (strcmp(verb, "slot") == 0) {
        add_slot(strtoul(first, NULL, 0), count > 2 ? words[2] : NULL);
        odd.slots_from_configuration = false;
    } else if (strcmp(verb, "no-slots") == 0) {
        odd.slots_from_configuration = false;
    } else if (strcmp(verb, "pin") == 0) {
        append_rule(&odd.pins, words);
    } else if (strcmp(verb, "fault") == 0) {
        append_rule(&odd.faults, words);
    } else if (strcmp(verb, "tries") == 0) {
        odd.tries = strtoul(first, NULL, 0);
    } else if (strcmp(verb, "pin-flags") == 0) {
        odd.pin_flags = strcmp(first, "shown") == 0;
    } else if (strcmp(verb, "sessions") == 0) {
        odd.sessions = strtoul(first, NULL, 0);
    } else if (strcmp(verb, "manufacturer") == 0) {
        snprintf(odd.manufacturer, sizeof odd.manufacturer, "%s", first);
    } else if (strcmp(verb, "model") == 0) {
        snprintf(odd.model, sizeof odd.model, "%s", first);
    } else if (strcmp(verb, "version") == 0) {
        odd.version = version(first);
    } else if (strcmp(verb, "firmware") == 0) {
        odd.firmware = version(first);
    } else {
        errx(1, "odd module: unknown switch %s", verb);
    }
}

void odd_read_control(void) {
    char path[PATH_MAX], line[LINE];
    Dl_info self;

    drop_slots();
    drop_rules(&odd.pins);
    drop_rules(&odd.faults);
    odd.slots_from_configuration = odd.pin_flags = true;
    odd.tries = 3;
    odd.sessions = 0;
    odd.version = (CK_VERSION){2, 2};
    odd.firmware = (CK_VERSION){2, 10};
    strcpy(odd.manufacturer, "Odd Works");
    strcpy(odd.model, "Odd HSM");
    odd.log_file[0] = odd.records[0] = '\0';

    if (!dladdr((void *)odd_read_control, &self)) errx(1, "odd module: where am I?");
    snprintf(path, sizeof path, "%s.control", self.dli_fname);
    FILE *file = fopen(path, "re");
    if (!file) err(1, "odd module: %s", path);
    while (fgets(line, sizeof line, file)) {
        char words[WORDS + 1][ODD_TEXT] = {""}, *rest = NULL;
        int count = 0;
        char *word = strtok_r(line, " \n", &rest);
        if (word && strcmp(word, "records") == 0) { /* a path may be longer than other words */
            word = strtok_r(NULL, " \n", &rest);
            decode(word ? word : "", odd.records, sizeof odd.records);
            continue;
        }
        for (; word && count <= WORDS; word = strtok_r(NULL, " \n", &rest))
            decode(word, words[count++], ODD_TEXT);
        if (count) obey(words, count);
    }
    fclose(file);
}

/* A number or a text, as text: ports are written both ways. */
static void scalar(config_setting_t *group, const char *name, char *into, size_t size) {
    const char *text = NULL;
    int number = 0;
    into[0] = '\0';
    if (config_setting_lookup_string(group, name, &text))
        snprintf(into, size, "%s", text);
    else if (config_setting_lookup_int(group, name, &number))
        snprintf(into, size, "%d", number);
}

static void slot_of_configuration(config_setting_t *hsm, config_setting_t *group) {
    char host[ODD_TEXT], port[ODD_TEXT], label[ODD_TEXT], *places;
    int id = 0;
    odd_slot *slot = NULL;

    if (!config_setting_lookup_int(group, "id", &id)) return;
    scalar(group, "user_name", label, sizeof label);
    scalar(hsm, "host", host, sizeof host);
    scalar(hsm, "port", port, sizeof port);
    for (CK_ULONG i = 0; i < odd.slot_count; i++)
        if (odd.slots[i].id == (CK_SLOT_ID)id) slot = &odd.slots[i];
    if (!slot) slot = add_slot((CK_SLOT_ID)id, label);
    if (asprintf(&places, "%s%s %s:%s ", slot->places, host, host, port) < 0) err(1, "odd module");
    free(slot->places);
    slot->places = places;
}

static void slots_of_configuration(config_t *configuration) {
    config_setting_t *hsms = config_lookup(configuration, "primus.hsms");
    for (int i = 0; hsms && i < config_setting_length(hsms); i++) {
        config_setting_t *hsm = config_setting_get_elem(hsms, (unsigned)i);
        config_setting_t *slots = config_setting_get_member(hsm, "slots");
        for (int j = 0; slots && j < config_setting_length(slots); j++)
            slot_of_configuration(hsm, config_setting_get_elem(slots, (unsigned)j));
    }
}

static bool flag(config_t *configuration, const char *path) {
    int value = true;
    config_lookup_bool(configuration, path, &value);
    return value;
}

static void log_of_configuration(config_t *configuration) {
    const char *path = "";
    config_lookup_string(configuration, "primus.log.file", &path);
    if (flag(configuration, "primus.log.write_log_file"))
        snprintf(odd.log_file, sizeof odd.log_file, "%s", path);
    odd.trace_level = 4;
    odd.trace_mask = 0;
    config_lookup_int(configuration, "primus.log.trace_level", &odd.trace_level);
    config_lookup_int(configuration, "primus.log.trace_mask", &odd.trace_mask);
    odd.trace_timestamp = flag(configuration, "primus.log.trace_timestamp");
    odd.trace_pid = flag(configuration, "primus.log.trace_pid");
    odd.trace_function = flag(configuration, "primus.log.trace_function");
}

CK_RV odd_read_configuration(void) {
    const char *path = getenv("SECUROSYS_PKCS11_CONF");
    config_t configuration;
    if (!path) return odd.slots_from_configuration ? CKR_GENERAL_ERROR : CKR_OK;
    config_init(&configuration);
    bool read = config_read_file(&configuration, path);
    if (read) {
        if (odd.slots_from_configuration) slots_of_configuration(&configuration);
        log_of_configuration(&configuration);
    }
    config_destroy(&configuration);
    return read ? CKR_OK : CKR_GENERAL_ERROR;
}

static bool slot_matches(const char *at, const odd_slot *slot) {
    char place[ODD_TEXT + 2], *end;
    CK_SLOT_ID id = strtoul(at, &end, 0);
    if (*at && !*end && id == slot->id) return true;
    if (slot->present && strcmp(at, slot->label) == 0) return true;
    snprintf(place, sizeof place, " %s ", at);
    return strstr(slot->places, place) != NULL;
}

bool odd_matches(const char *at, const odd_slot *slot) {
    if (strcmp(at, "*") == 0) return true;
    if (slot) return slot_matches(at, slot);
    for (CK_ULONG i = 0; i < odd.slot_count; i++)
        if (slot_matches(at, &odd.slots[i])) return true;
    return false;
}

const char *odd_pin_of(const char *label) {
    const char *others = "1234";
    for (const odd_rule *rule = odd.pins; rule; rule = rule->next) {
        if (strcmp(rule->word[0], label) == 0) return rule->word[1];
        if (strcmp(rule->word[0], "*") == 0) others = rule->word[1];
    }
    return others;
}
