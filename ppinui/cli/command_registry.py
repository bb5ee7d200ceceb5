"""The commands of ppinui: a new one is an entry here and the modules that the entry names.

Data alone, and light: ``ppinui --help`` is made of it, without the grammars of the commands.
"""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False  # typing's own takes as long to import as a fifth of ppinui --help
if TYPE_CHECKING:
    from typing import Any, Final


class Command:
    """One command.

    ``help`` is a line for the list of commands and for the top of the command's own page, which ends with
    ``example``. ``grammar``, ``run`` and ``warm_up`` are functions, written ``module:function`` below ppinui
    and imported when they are called: ``grammar`` adds the options to the command's parser, ``run`` does what
    the parsed arguments say and returns the exit code, ``warm_up`` starts worker processes while ``run`` is
    imported.

    ``ends_in_order``: a signal ends it by an exception, so that what it has made is cleared away.
    ``secret_arguments``: an unknown argument may be a secret, so no message repeats it.
    ``uses_config``: the ``-c`` that was given goes into the commands that messages suggest.
    ``shows_files``: its page has ``-c`` and ``-s``, which it accepts in any case.
    ``shown``: lines of ``ppinui --help``: place in the list, example, what it is for.
    """

    def __init__(
        self,
        name: str,
        help: str,
        example: str,
        *,
        grammar: str,
        run: str,
        warm_up: str | None = None,
        ends_in_order: bool = False,
        secret_arguments: bool = False,
        uses_config: bool = True,
        shows_files: bool = True,
        shown: tuple[tuple[int, str, str], ...] = (),
    ) -> None:
        self.name = name
        self.help = help
        self.example = example
        self.grammar = grammar
        self.run = run
        self.warm_up = warm_up
        self.ends_in_order = ends_in_order
        self.secret_arguments = secret_arguments
        self.uses_config = uses_config
        self.shows_files = shows_files
        self.shown = shown


COMMANDS: Final = (
    Command(
        "config",
        "look at and edit primus.cfg",
        "ppinui config set hsm0.host=10.0.0.7",
        grammar="cli.config.config_grammar:add_config",
        run="cli.config.config_command:run",
        shown=(
            (3, "ppinui config show", "what the configuration says"),
            (4, "ppinui config set hsm0.port=2310 --dry-run", "what an edit would change"),
            (5, "ppinui config check", "problems and their remedies"),
        ),
    ),
    Command(
        "setup",
        "set up HSMs step by step, from the first file to a test of every slot",
        "ppinui setup cloudhsm\n  ppinui setup on-premises --answers hsms.toml --format json",
        grammar="cli.setup.setup_grammar:add_setup",
        run="cli.setup.setup_command:run",
        ends_in_order=True,
        secret_arguments=True,
        shown=((2, "ppinui setup", "set up HSMs, step by step"),),
    ),
    Command(
        "secret",
        "keep proxy passwords, permanent secrets and PINs in the keyring",
        "ppinui secret add-proxy eqabxrfnqqos\n  ppinui secret add PAYMENTS",
        grammar="cli.secret.secret_grammar:add_secret",
        run="cli.secret.secret_command:run",
        secret_arguments=True,
        shown=(
            (8, "ppinui -p -e SERVICE_USER", "keep a proxy password"),
            (9, "ppinui -a -e PARTITION", "fetch its permanent secret"),
            (10, "ppinui -l", "who has a secret"),
            (12, "ppinui secret import .secrets.cfg", "keep what ppin has fetched"),
        ),
    ),
    Command(
        "vault",
        "a keyring in an encrypted file, where there is no desktop",
        "ppinui vault create",
        grammar="cli.secret.secret_grammar:add_vault",
        run="cli.secret.vault_command:run",
        uses_config=False,
        shown=((13, "ppinui vault create", "a keyring without a desktop"),),
    ),
    Command(
        "run",
        "run an application with secrets from the keyring",
        "ppinui run -- pkcs11-tool --module libprimusP11.so --list-slots\n"
        "  ppinui run --user PAYMENTS --tmpfs -- /usr/local/bin/signer --port 8443\n"
        "  sudo ppinui run --owner www-data:www-data -- nginx -g 'daemon off;'",
        grammar="cli.secret.secret_grammar:add_run",
        run="cli.run_command:run",
        secret_arguments=True,
        shown=((11, "ppinui run -- COMMAND", "an application with its secrets"),),
    ),
    Command(
        "kms",
        "look at and write a KMS's kms.toml, for any PKCS#11 HSM",
        "ppinui kms check /etc/cosmian/kms.toml\n  ppinui kms export --slot 5 --dry-run",
        grammar="cli.kms.kms_grammar:add_kms",
        run="cli.kms.kms_command:run",
        ends_in_order=True,
        secret_arguments=True,
        shows_files=False,
        shown=((16, "ppinui kms check kms.toml", "what is wrong with a KMS's slots"),),
    ),
    Command(
        "slots",
        "list the slots of any PKCS#11 module with their tokens",
        "ppinui slots --module /usr/lib/softhsm/libsofthsm2.so",
        grammar="cli.token.token_grammar:add_slots",
        run="cli.token.token_command:run",
        warm_up="pkcs11.module_worker_pool:warm_up",
        ends_in_order=True,
        uses_config=False,
        shown=((14, "ppinui slots --module LIB", "the slots of any PKCS#11 module"),),
    ),
    Command(
        "token",
        "initialise tokens",
        "ppinui token init 0 --label PAYMENTS",
        grammar="cli.token.token_grammar:add_token",
        run="cli.token.token_command:run",
        warm_up="pkcs11.module_worker_pool:warm_up",
        ends_in_order=True,
        secret_arguments=True,
        uses_config=False,
    ),
    Command(
        "pin",
        "change, set, check and keep the PINs of tokens",
        "ppinui pin change PAYMENTS\n  ppinui pin check 0 1 2 --spend-one-try",
        grammar="cli.token.token_grammar:add_pin",
        run="cli.token.token_command:run",
        warm_up="pkcs11.module_worker_pool:warm_up",
        ends_in_order=True,
        secret_arguments=True,
        uses_config=False,
    ),
    Command(
        "objects",
        "look at the keys and certificates on a token",
        "ppinui objects PAYMENTS --login\n"
        "  ppinui objects export PAYMENTS --label www -o www.pem\n"
        "  ppinui objects test-key PAYMENTS",
        grammar="cli.token.token_grammar:add_objects",
        run="cli.token.token_command:run",
        warm_up="pkcs11.module_worker_pool:warm_up",
        ends_in_order=True,
        uses_config=False,
        shown=((15, "ppinui objects SLOT --module LIB", "what is on a token"),),
    ),
    Command(
        "test",
        "test the connection of each slot of each HSM",
        "ppinui test --hsm hsm0 --login --format json",
        grammar="cli.command_grammar:add_test",
        run="cli.probe_command:run",
        warm_up="pkcs11.module_worker_pool:warm_up",
        ends_in_order=True,
        shown=(
            (6, "ppinui --test", "can each slot be reached?"),
            (7, "ppinui --test --hsm hsm0 --login", "and does its PIN open it?"),
        ),
    ),
    Command(
        "doctor",
        "show what is set up here, what is not, and what to do about it",
        "ppinui doctor --format json",
        grammar="cli.command_grammar:add_doctor",
        run="cli.doctor_command:run",
        shown=((17, "ppinui doctor", "what is set up, what is wrong"),),
    ),
    Command(
        "demo",
        "a first look with software tokens; touches nothing of yours",
        "ppinui demo",
        grammar="cli.command_grammar:add_demo",
        run="cli.demo_command:run",
        ends_in_order=True,
        uses_config=False,
        shows_files=False,
        shown=((1, "ppinui demo", "a first look, without any HSM"),),
    ),
)

BY_NAME: Final = {command.name: command for command in COMMANDS}


def load(function: str) -> Callable[..., Any]:
    """The function that an entry names."""
    from importlib import import_module

    module, _, name = function.partition(":")
    loaded: Callable[..., Any] = getattr(import_module(f"ppinui.{module}"), name)
    return loaded
