/* Names that lead to addresses of this machine, for a program that shall meet a stand-in under the name of the
 * real thing. To be preloaded; SIGNPOST has them: "hsm.example.com=127.3.2.1,10.1.2.3=127.3.2.2". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

__attribute__((visibility("default"))) lookup getaddrinfo;

static const char *where_it_leads(const char *name, char *address, size_t size) {
    const char *entry = getenv("SIGNPOST");
    size_t length = name ? strlen(name) : 0;
    while (length && entry) {
        if (strncmp(entry, name, length) == 0 && entry[length] == '=') {
            const char *found = entry + length + 1;
            size_t count = strcspn(found, ",");
            if (count >= size) return name;
            memcpy(address, found, count);
            address[count] = '\0';
            return address;
        }
        entry = strchr(entry, ',');
        if (entry) entry++;
    }
    return name;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    char address[64];
    lookup *real = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    return real(where_it_leads(name, address, sizeof address), service, hints, found);
}
