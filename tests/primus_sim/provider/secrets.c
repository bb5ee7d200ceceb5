/* .secrets.cfg: finds a user's entry and unblinds its secret (secretsfile.py writes them). */
#define _GNU_SOURCE
#include <ctype.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

#define MAX_BYTES (SECRET_SIZE - 1)

/* Blinded bytes: a string of hexadecimal digits, or an array of numbers. -1: it is neither, or too long. */
static int blinded_bytes(const config_setting_t *entry, const char *name, unsigned char bytes[MAX_BYTES]) {
    config_setting_t *setting = config_setting_get_member(entry, name);
    if (!setting) return -1;
    if (config_setting_is_array(setting)) {
        int count = config_setting_length(setting);
        if (count > MAX_BYTES) return -1;
        for (int i = 0; i < count; i++) bytes[i] = (unsigned char)config_setting_get_int_elem(setting, i);
        return count;
    }
    const char *digits = config_setting_get_string(setting);
    size_t length = digits ? strlen(digits) : 1;
    if (length % 2 || length / 2 > MAX_BYTES) return -1;
    for (size_t i = 0; i < length; i += 2) {
        const char pair[] = {digits[i], digits[i + 1], '\0'};
        if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1])) return -1;
        bytes[i / 2] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return (int)(length / 2);
}

/* FNV-1a, 64 bits. */
static uint64_t digest(const void *data, size_t size) {
    const unsigned char *bytes = data;
    uint64_t sum = 0xCBF29CE484222325u;
    for (size_t i = 0; i < size; i++) sum = (sum ^ bytes[i]) * 0x100000001B3u;
    return sum;
}

static uint64_t number(const unsigned char bytes[8]) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
    return value;
}

/* Exclusive or with the stream of splitmix64: blinded, not encrypted, as the vendor says of its own. */
static void unblind(unsigned char *bytes, size_t size, uint64_t seed) {
    uint64_t stream = 0;
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0) {
            stream = (seed += 0x9E3779B97F4A7C15u);
            stream = (stream ^ stream >> 30) * 0xBF58476D1CE4E5B9u;
            stream = (stream ^ stream >> 27) * 0x94D049BB133111EBu;
            stream ^= stream >> 31;
        }
        bytes[i] ^= (unsigned char)(stream >> 8 * (i % 8));
    }
}

static CK_RV entry_secret(const config_setting_t *entry, const char *name, char clear[SECRET_SIZE]) {
    unsigned char salt[MAX_BYTES], secret[MAX_BYTES], check[MAX_BYTES];
    int size = blinded_bytes(entry, "secret", secret);
    if (size < 0 || blinded_bytes(entry, "salt", salt) != 8 || blinded_bytes(entry, "check", check) != 8)
        return VENDOR_BAD_SECRETS_ELEMENT;
    unblind(secret, (size_t)size, digest(name, strlen(name)) ^ number(salt));
    CK_RV cause = CKR_OK;
    if (digest(secret, (size_t)size) != number(check) || memchr(secret, 0, (size_t)size))
        cause = VENDOR_BAD_SECRETS_ELEMENT;
    else {
        memcpy(clear, secret, (size_t)size);
        clear[size] = '\0';
    }
    wipe(secret, sizeof secret);
    return cause;
}

static config_t secrets; /* as it was at C_Initialize; its values stay blinded */
static bool secrets_loaded;
static CK_RV secrets_cause = VENDOR_NO_SECRETS_FILE;

void secrets_load(void) {
    char *path = config_find("SECUROSYS_SECRETS_CONF", ".secrets.cfg");
    config_init(&secrets);
    secrets_loaded = true;
    if (!path || access(path, F_OK) != 0)
        secrets_cause = VENDOR_NO_SECRETS_FILE;
    else
        secrets_cause = config_read_file(&secrets, path) ? CKR_OK : VENDOR_BAD_SECRETS_FILE;
    free(path);
    /* No reason to fail: `pin` and `proxy_password` of primus.cfg may make the file needless. */
    if (secrets_cause != CKR_OK) LOG_RV("Secrets_Load", secrets_cause);
}

void secrets_free(void) {
    if (secrets_loaded) config_destroy(&secrets);
    secrets_loaded = false;
    secrets_cause = VENDOR_NO_SECRETS_FILE;
}

/* The group of this name in primus.users or primus.proxies. Proxies among the users have `type = "proxy"`. */
static const config_setting_t *find_entry(const char *path, const char *user, bool proxy) {
    const config_setting_t *groups = config_lookup(&secrets, path);
    for (int i = 0; groups && i < config_setting_length(groups); i++) {
        config_setting_t *group = config_setting_get_elem(groups, (unsigned)i);
        const char *name, *type = strcmp(path, "primus.proxies") == 0 ? "proxy" : "user";
        if (!config_setting_is_group(group) || !config_setting_lookup_string(group, "name", &name)) continue;
        config_setting_lookup_string(group, "type", &type);
        if (strcmp(name, user) == 0 && proxy == (strcmp(type, "proxy") == 0)) return group;
    }
    return NULL;
}

CK_RV secret_of(const char *user, bool proxy, char clear[SECRET_SIZE]) {
    if (secrets_cause != CKR_OK) return secrets_cause;
    const config_setting_t *entry = find_entry("primus.users", user, proxy);
    if (!entry && proxy) entry = find_entry("primus.proxies", user, proxy);
    return entry ? entry_secret(entry, user, clear) : sim.switches.missing_secret;
}
