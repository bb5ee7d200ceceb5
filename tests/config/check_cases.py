"""The rules on the contents of a primus.cfg: for each a text that breaks it, and a near one that does not."""

from __future__ import annotations

from dataclasses import dataclass, field

from ppinui.config.checks.subject import Profile
from ppinui.diagnostic import Severity
from tests.config.sound_file import edited, without

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

Edit = tuple[str, str]

HOST = 'host = "ch01-api.cloudshsm.com";'
PORT = 'port = "2310"; /* of hsm0 */'
PRIORITY = "priority = 0; /* of hsm0 */"
USER = 'user_name = "ALPHA"; /* 00 */'
OTHER_USER = 'user_name = "ALPHA"; /* 10 */'
PROXY = 'proxy_user = "ticket"; /* 00 */'
ID = "id = 1; /* 00 */"
LOG_FILE = 'file = "/var/log/primus/primus.log";'
SLOTS = without("slot0:", "/* 01 */\n        };")


@dataclass(frozen=True)
class Case:
    """What breaks a rule, where (a piece of that line), and what comes close without breaking it."""

    check: str
    severity: Severity
    broken: tuple[Edit, ...] | str
    at: str
    near: tuple[Edit, ...] | str
    profile: Profile | None = None
    also: frozenset[str] = field(default=frozenset())


def text_of(edits: tuple[Edit, ...] | str) -> str:
    return edits if isinstance(edits, str) else edited(*edits)


def host(value: str) -> tuple[Edit, ...]:
    return ((HOST, f'host = "{value}";'),)


# fmt: off
CASES = [
    # what is there at all
    Case("no-primus", ERROR, 'version = "1.0";\n', "version", 'primus = { hsms = {}; }; version = "1.0";'),
    Case("no-hsm", ERROR, 'version = "1.0";\nprimus = { hsms = {}; log = { file = "/x"; }; };\n', "hsms", ()),
    Case("no-slot", WARNING, (SLOTS,), "hsm0:", (without("slot1:", "/* 01 */\n        };"),)),
    Case("no-slot", WARNING, (without("slots:", "/* slots of hsm0 */"),), "hsm0:", ()),
    Case("missing-version", NOTE, (('version = "1.0";', ""),), "", ()),
    Case("unknown-version", WARNING, (('"1.0"', '"2.0"'),), "version", (('"1.0"', '"1" ".0"'),)),
    Case(
        "duplicate-hsm-name", ERROR, (("hsm1:", "hsm0: # again"),), "# again", (("hsm1:", "hsm2:"),)
    ),
    Case(
        "duplicate-slot-name",
        ERROR,
        (('slot1:\n        {\n          client_id = "app"; /* 01 */', "slot0: { # again"),),
        "# again",
        (('slot1:\n        {\n          client_id = "app"; /* 01 */', "slot2: {"),),
    ),
    Case("duplicate-setting", ERROR, ((ID, f"{ID}\nid = 5;"),), "id = 5", ((ID, f"{ID}\n# id = 5;"),)),
    # names
    Case("unusual-group-name", WARNING, (("hsm1:", "backup:"),), "backup", (("hsm1:", "hsm12:"),)),
    Case(
        "unusual-group-name",
        WARNING,
        (('slot0:\n        {\n          client_id = "app"; /* 10 */', "Slot0: {"),),
        "Slot0",
        (('slot0:\n        {\n          client_id = "app"; /* 10 */', "slot7: {"),),
    ),
    Case("unknown-setting", NOTE, ((PORT, f"{PORT}\nregion = 4;"),), "region",
         ((PORT, f"{PORT}\n# region"),)),
    Case("misspelt-setting", WARNING, ((PORT, f"{PORT}\nPriorty = 4;"),), "Priorty", ()),
    Case("misspelt-setting", WARNING, (("wait_delay", "waitdelay"),), "waitdelay", ()),
    Case(
        "misplaced-setting",
        WARNING,
        (("  hsms:\n  {\n", "  hsms:\n  {\n    slots: { };\n"),),
        "slots: { }",
        (),
    ),
    Case("misplaced-setting", WARNING, ((PORT, f"{PORT}\ntrace_level = 3;"),), "trace_level = 3", ()),
    Case("misplaced-setting", WARNING, ((PORT, f"{PORT}\nslot5 = {{ id = 9; }};"),), "slot5", ()),
    Case("misplaced-setting", WARNING, (("  hsms:\n  {\n", "  hsms:\n  {\n    comment = 1;\n"),),
         "comment", ()),
    Case("misplaced-setting", WARNING, (("primus:", 'log = { };\nprimus:'),), "log = { }", ()),
    # types and limits
    Case("wrong-type", ERROR, ((ID, 'id = "1";'),), 'id = "1"', ((ID, "id = 1L; /* 00 */"),)),
    Case("wrong-type", ERROR, (("connect_on_init = true", 'connect_on_init = "true"'),), "connect_on", ()),
    Case("wrong-type", ERROR, (("connect_on_init = true", "connect_on_init = 1"),), "connect_on", ()),
    Case("wrong-type", ERROR, (("250", "250.0"),), "wait_delay", (("250", "0xFA"),)),
    Case("wrong-type", ERROR, ((HOST, "host = 10;"),), "host = 10", ()),
    Case("wrong-type", ERROR, ((USER, "user_name = ( );"),), "user_name = (", ()),
    Case("wrong-type", ERROR, (without("slots:", "/* slots of hsm0 */"), (PORT, f"{PORT}\nslots = 2;")),
         "slots = 2", (), also=frozenset({"no-slot"})),
    Case("port-as-int", ERROR, ((PORT, "port = 2310;"),), "port = 2310", ((PORT, 'port = "23" "10";'),)),
    Case("int-wraps", ERROR, ((ID, "id = 4294967297;"),), "id = 4294967297", ((ID, "id = 0x1;"),)),
    Case("int-wraps", WARNING, ((PORT, f"{PORT}\nother = 2147483648;"),), "other",
         ((PORT, f"{PORT}\nother = 2147483647;"),), also=frozenset({"unknown-setting"})),
    Case("id-out-of-range", ERROR, ((ID, "id = -1;"),), "id = -1", (),
         also=frozenset({"ids-differ-across-hsms"})),
    Case("id-out-of-range", ERROR, ((ID, "id = 4294967297L;"),), "id = 4294967297", (),
         also=frozenset({"ids-differ-across-hsms"})),
    Case("priority-out-of-range", ERROR, ((PRIORITY, "priority = 128;"),), "= 128",
         ((PRIORITY, "priority = 127;"),)),
    Case("priority-out-of-range", ERROR, ((PRIORITY, "priority = -1;"),), "= -1", ((PRIORITY, ""),)),
    Case("trace-level-out-of-range", ERROR, (("trace_level = 4", "trace_level = 8"),), "trace_level",
         (("trace_level = 4", "trace_level = 7"),)),
    Case("value-out-of-range", ERROR, (("250", "-250"),), "wait_delay", (("250", "0"),)),
    # HSMs
    Case("missing-host", ERROR, ((HOST, ""),), "hsm0:", ()),
    Case("empty-host", ERROR, host(" "), 'host = " "', host("h")),
    Case("host-with-blanks", ERROR, host("10.0.0.1 "), "10.0.0.1", host("10.0.0.1")),
    Case("host-with-blanks", ERROR, host("10.0.0.1\\n"), "10.0.0.1", host("10.0.0.1")),
    Case("host-with-scheme", ERROR, host("https://hsm.example.com/"), "https", host("hsm.example.com.")),
    Case("host-with-brackets", ERROR, host("[2001:db8::1]"), "2001", host("2001:db8::1")),
    Case("host-with-port", ERROR, host("hsm.example.com:2310"), "example", host("hsm-2310.example.com")),
    Case("host-not-an-address", ERROR, host("10.0.0.256"), "10.0.0.256", host("10.0.0.255")),
    Case("host-not-an-address", ERROR, host("2001:db8::1::2"), "2001", host("fe80::1%eth0")),
    Case("host-invalid", ERROR, host("hsm one"), "hsm one", host("hsm_one")),
    Case("host-invalid", ERROR, host("a.example.com,b.example.com"), "a.example", host("xn--hsm-0na.ch")),
    Case("host-invalid", ERROR, host("hsm.example.com/path"), "hsm.example", host("a" * 63)),
    Case("host-invalid", ERROR, host("a" * 64), "aaaa", host("9.example.com")),
    Case("missing-port", ERROR, ((PORT, ""),), "hsm0:", ()),
    Case("empty-port", ERROR, ((PORT, 'port = "";'),), 'port = "";', ()),
    Case("port-not-a-number", ERROR, ((PORT, 'port = "2310 ";'),), '"2310 "', ((PORT, 'port = "1";'),)),
    Case("port-not-a-number", ERROR, ((PORT, 'port = "pkcs11";'),), "pkcs11", ((PORT, 'port = "65535";'),)),
    Case("port-out-of-range", ERROR, ((PORT, 'port = "65536";'),), "65536", ((PORT, 'port = "65535";'),)),
    Case("port-out-of-range", ERROR, ((PORT, 'port = "0";'),), '"0"', ((PORT, 'port = "1";'),)),
    Case("same-endpoint-twice", WARNING, host("CH02-api.cloudshsm.com."), "ch02-api",
         (*host("ch02-api.cloudshsm.com"), (PORT, 'port = "2311";'))),
    Case("placeholder-value", NOTE, host("HSM0_HostnameOrIpOrProxyURL"), "HSM0_", host("hsm0-hostname")),
    # slots
    Case("missing-user-name", ERROR, ((USER, ""),), "slot0:", ()),
    Case("empty-user-name", ERROR, ((USER, 'user_name = "";'),), 'user_name = "";', ()),
    Case("user-name-with-blanks", WARNING, ((USER, 'user_name = "GAMMA ";'), (ID, "id = 3;")), "GAMMA",
         ((USER, 'user_name = "GAM MA";'), (ID, "id = 3;"))),
    Case("similar-user-names", WARNING, ((USER, 'user_name = "Alpha";'), (ID, "id = 3;")), OTHER_USER,
         ((USER, 'user_name = "ALPHA2";'), (ID, "id = 3;"))),
    Case("missing-id", ERROR, ((ID, ""),), "slot0:", ()),
    Case("duplicate-id-in-hsm", ERROR,
         (without("hsm1:", "/* slots of hsm1 */\n    };"), (ID, "id = 2;")), "id = 2; /* 01", ()),
    Case("id-shared-by-partitions", ERROR,
         ((OTHER_USER, 'user_name = "GAMMA";'),), "id = 1; /* 10",
         ((OTHER_USER, 'user_name = "AL" "PHA";'),)),
    Case("ids-differ-across-hsms", ERROR, ((ID, "id = 7; /* 00 */"),), "id = 1; /* 10", ((ID, "id = 0x1;"),)),
    Case("slot-without-proxy-user", WARNING, ((PROXY, ""),), "slot0:", ((PROXY, 'proxy_user = "another";'),)),
    Case("empty-proxy-user", ERROR, ((PROXY, 'proxy_user = "";'),), 'proxy_user = "";', ()),
    Case("proxy-password-without-user", WARNING,
         ((PROXY, 'proxy_password = "<password>";'),), "proxy_password",
         ((PROXY, f'{PROXY} proxy_password = "<password>";'),),
         also=frozenset({"slot-without-proxy-user", "clear-proxy-password"})),
    # strings
    Case("escape-in-path", WARNING, ((LOG_FILE, 'file = "C:\\temp\\primus.log";'),), "C:",
         ((LOG_FILE, 'file = "C:\\\\temp\\\\primus.log";'),)),
    Case("escape-in-path", WARNING, ((LOG_FILE, 'file = "%PUBLIC%\\Securosys\\new.log";'),), "PUBLIC",
         ((LOG_FILE, 'file = "C:/temp/primus.log";'),), also=frozenset({"log-file-writable-by-all"})),
    Case("control-character", ERROR, (('"app"; /* 00', '"a\\tb"; /* 00'),), "/* 00",
         (('"app"; /* 00', '"a b"; /* 00'),)),
    # the log
    Case("log-file-writable-by-all", NOTE, ((LOG_FILE, 'file = "/tmp/primus.log";'),), "/tmp",
         ((LOG_FILE, 'file = "/tmp/primus/primus.log";'),)),
    Case("log-file-writable-by-all", NOTE, ((LOG_FILE, ""),), "log:",
         ((LOG_FILE, ""), ("write_log_file = true", "write_log_file = false"))),
    Case("log-file-relative", NOTE, ((LOG_FILE, 'file = "primus.log";'),), '"primus.log"',
         ((LOG_FILE, 'file = "C:/log/primus.log";'),)),
    Case("trace-mask-not-zero", WARNING, (("0x00", "0x01"),), "trace_mask", (("0x00", "0"),)),
    # passwords in clear text
    Case("clear-pin", WARNING, ((PORT, f'{PORT}\npin = "FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3";'),), "pin", ()),
    Case("clear-pin", NOTE, ((PORT, f'{PORT}\npin = "";'),), "pin", ()),
    Case("clear-proxy-password", WARNING, ((PROXY, f'{PROXY}\nproxy_password = "hunter2";'),), "hunter2", ()),
    Case("clear-pin-in-comment", WARNING, ((PORT, f'{PORT}\n# pin = "FXAJX-XWVQ3";'),), "FXAJX",
         ((PORT, f"{PORT}\n# pin: see the welcome ticket"),)),
    Case("clear-proxy-password-in-comment", WARNING, ((PROXY, f'{PROXY}\n/* proxy_password : "hunter2" */'),),
         "hunter2", ((PROXY, f"{PROXY}\n/* the proxy_password is in .secrets.cfg */"),)),
    Case("clear-proxy-password-in-comment", NOTE,
         ((PROXY, f'{PROXY}\n/* proxy_password = "SERVICE_PASSWORD";    optional */'),), "SERVICE", ()),
    # other tools
    Case("managed-by-tool", WARNING, (("version", "# {{ Ansible managed }}\nversion"),), "Ansible",
         (("primus:", "# the chef de cuisine managed this\nprimus:"),)),
    Case("managed-by-tool", WARNING, (("version", "/*\n * DO NOT EDIT\n */\nversion"),), "DO NOT",
         (("version", "# Primus PKCS#11 configuration\nversion"),)),
    # profiles
    Case("production-trace-level", ERROR, (("trace_level = 4", "trace_level = 5"),), "trace_level",
         (("trace_level = 4", "trace_level = 3"),), Profile.PRODUCTION),
    Case("log-file-writable-by-all", ERROR, ((LOG_FILE, ""),), "log:", (), Profile.PRODUCTION),
    Case("trace-mask-not-zero", ERROR, (("0x00", "2"),), "trace_mask", (), Profile.PRODUCTION),
    Case("kubernetes-connect-on-init", ERROR, (), "connect_on_init",
         (("connect_on_init = true", "connect_on_init = false"),), Profile.KUBERNETES),
    Case("kubernetes-connect-on-init", ERROR, (("connect_on_init = true;", ""),), "primus:",
         (("connect_on_init = true", "connect_on_init = FALSE"),), Profile.KUBERNETES),
    Case("cloudhsm-proxy-user", ERROR, (without("slot1:", "/* 01 */\n        };"), (PROXY, "")),
         "slot0:", (), Profile.CLOUDHSM, also=frozenset({"cloudhsm-clones"})),
    Case("cloudhsm-clones", WARNING, (without("hsm1:", "/* slots of hsm1 */\n    };"),), "slot0:", (),
         Profile.CLOUDHSM),
    Case("cloudhsm-clones", WARNING, (*host("us01-api.cloudshsm.com"), ("ch02", "de01")), "slot0:",
         (*host("de01-api.cloudshsm.com"), ("ch02", "ch01")), Profile.CLOUDHSM),
]
# fmt: on
