/* What the three files of the odd module share; its switches are described in odd_module.c. */
#ifndef ODD_MODULE_H
#define ODD_MODULE_H

#include <stdbool.h>

#include "pkcs11_min.h"

#define ODD_TEXT 256

typedef struct odd_slot {
    CK_SLOT_ID id;
    bool present;
    char label[ODD_TEXT];
    char *places; /* " HOST HOST:PORT HOST2 …  ": where the configuration says that the slot is */
    bool logged_in;
} odd_slot;

typedef struct odd_rule { /* a pin or a fault line, its words decoded */
    char word[6][ODD_TEXT];
    struct odd_rule *next;
} odd_rule;

typedef struct {
    odd_slot *slots;
    CK_ULONG slot_count;
    bool slots_from_configuration;
    odd_rule *pins, *faults;
    CK_ULONG tries, sessions;
    bool pin_flags;
    char manufacturer[ODD_TEXT], model[ODD_TEXT];
    CK_VERSION version, firmware;
    char records[4096];
    /* of the provider configuration's group primus.log */
    char log_file[4096];
    int trace_level, trace_mask;
    bool trace_timestamp, trace_pid, trace_function;
} odd_state;

extern odd_state odd;

/* odd_control.c */
void odd_read_control(void);       /* the control file beside the library; ends the process when it is wrong */
CK_RV odd_read_configuration(void); /* what SECUROSYS_PKCS11_CONF names, recorded and parsed */
bool odd_matches(const char *at, const odd_slot *slot); /* slot NULL: does any slot of the module match? */
const char *odd_pin_of(const char *label);

/* odd_records.c */
void odd_journal(const char *kind, const char *function, const odd_slot *slot, const char *detail);
void odd_record_file(const char *variable);
void odd_log(int level, const char *function, const char *text);
CK_ULONG odd_wrong_pins(const char *label, long change); /* change 0: just read; LONG_MIN: forget; else add */

/* odd_faults.c: true when a fault of this call decided the answer */
bool odd_fault(const char *function, const odd_slot *slot, CK_RV *answer);

#endif
