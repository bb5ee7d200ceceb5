"""What the manual page says that the grammar does not know: environment, files, security, other pages."""

from __future__ import annotations

from typing import Final

WHAT_IT_IS: Final = "admin console for the Securosys Primus PKCS#11 provider"

DESCRIPTION: Final = (
    "Without a command, and on a terminal, it opens the configuration in a full-screen application: a tree "
    "of HSMs and slots, a form for what is selected, the problems below. Its keys are shown at its bottom. "
    "What can be done there can be done with the commands below too.",
    "primus.cfg is found as the provider finds it: -c FILE, SECUROSYS_PKCS11_CONF, /etc/primus/primus.cfg, "
    "/usr/local/primus/etc/primus.cfg. Edits change what was named and no other byte.",
    "Data goes to standard output, all else to standard error. An error is three lines: what is wrong, "
    "where, and what to do. Without a terminal, secrets are read from standard input, one line for each that "
    "is asked for, in the order of the file.",
)

ENVIRONMENT: Final = (
    (("SECUROSYS_PKCS11_CONF",), "The primus.cfg, where -c names none; ppinui run sets it for its command."),
    (
        ("SECUROSYS_SECRETS_CONF",),
        "The .secrets.cfg, where -s names none; ppinui run sets it for its command.",
    ),
    (("PPINUI_KEYRING",), "The keyring, where --keyring names none."),
    (("PPINUI_VAULT",), "The file of the vault."),
    (
        ("PPINUI_MODULE", "PRIMUS_P11_LIB"),
        "The PKCS#11 library, where --module names none; the first counts.",
    ),
    (
        ("PRIMUS_HOME",),
        "Where the provider is installed, if not in /usr/local/primus: its library is searched for in lib, "
        "ppin in bin.",
    ),
    (("COSMIAN_KMS_CONF",), "The kms.toml of ppinui kms, where none is named: the KMS's own variable."),
    (
        (
            "OTHER_HSM_PKCS11_LIB",
            "SOFTHSM2_PKCS11_LIB",
            "UTIMACO_PKCS11_LIB",
            "PROTECCIO_PKCS11_LIB",
            "CRYPT2PAY_PKCS11_LIB",
            "SMARTCARDHSM_PKCS11_LIB",
        ),
        "The library that a KMS loads for an HSM of this model: its own variables, too.",
    ),
    (("NO_COLOR",), "If it is set, the application does without colours."),
    (
        ("CREDENTIALS_DIRECTORY",),
        "Set by systemd for a service: its file ppinui-vault holds the vault's passphrase.",
    ),
    (
        ("DBUS_SESSION_BUS_ADDRESS", "XDG_CURRENT_DESKTOP"),
        "Where the desktop's keyring is reached, and which desktop it is.",
    ),
    (("PYTHON_KEYRING_BACKEND",), "The choice of the keyring library itself, where nothing else is chosen."),
    (
        ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"),
        "Below them lie the vault and what is not saved yet, see FILES.",
    ),
    (("XDG_RUNTIME_DIR",), "A folder in memory, for files with secrets that must never be on a disk."),
    (("PATH",), "Where ppin, and the command of ppinui run, are searched for."),
    (("SUDO_USER",), "Who has called sudo: named in the system's log, and where root's keyring is used."),
    (("TERM",), "If it is dumb, a set-up in plain prompts shows no line that rewrites itself."),
    (("COLUMNS",), "How wide the help is, if not as wide as the terminal."),
    (("PPINUI_RUNS_PPIN",), "Set by ppinui for the ppin that it starts; where it finds it set, it stops."),
    (("PYTHONPATH",), "Python's own; the processes that load a PKCS#11 library have it too."),
)
"""Variables, and what they are for."""

FILES: Final = (
    (
        "/etc/primus/primus.cfg, /usr/local/primus/etc/primus.cfg",
        "The configuration of the provider. Its updates overwrite the second one.",
    ),
    ("/etc/cosmian/kms.toml", "The configuration of a KMS."),
    ("/lib/libkmshsm.so", "The library that a KMS loads for an HSM that it does not know by name."),
    ("primus.cfg.bak", "Beside it: what it was before the last save."),
    (
        "/etc/primus/.secrets.cfg, /usr/local/primus/etc/.secrets.cfg",
        "What ppin has fetched. It is blinded, not encrypted: anyone who can read it can use it.",
    ),
    (
        "/usr/local/primus/lib/libprimusP11.so, /usr/local/primus/bin/ppin",
        "The provider's library and the vendor's program.",
    ),
    (
        "~/.local/share/ppinui/vault",
        "The vault: secrets in a file encrypted with a passphrase (mode 0600, Argon2id and AES-256-GCM).",
    ),
    (
        "~/.local/state/ppinui",
        "Edits of the application that are not saved yet, and where an interrupted set-up stopped, without "
        "passwords: both are gone on with at the next start.",
    ),
)
"""Files, and what is in them."""

SECURITY: Final = (
    "A secret is typed without echo, or comes from standard input or a descriptor. It is never in an "
    "argument, an environment variable or a log, and is shown as ••••. The processes that "
    "handle it leave no core file, and no other process may read their memory.",
    "An HSM counts wrong secrets, and locks a partition after some. None is tried twice: what one HSM has "
    "rejected is offered to no other, and is marked in the keyring until it is replaced.",
    "The vault protects against anyone who has its file, a backup or the disk. It does not protect against "
    "root, anyone who has its passphrase, or anyone who replaces it by an older copy. Nobody can "
    "recover a forgotten passphrase.",
    "The user who runs an application, and root, can read its memory, and so the secrets that it was handed. "
    "Memory may be swapped out: encrypt the swap.",
)

SEE_ALSO: Final = "keyring(1), openssl(1), pkcs11-tool(1), softhsm2-util(1), sudo(8), systemd-creds(1)"
