"""The stand-in's `ppin`: the documented commands on primus.cfg, .secrets.cfg and the stand-in's HSMs."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import libconf

from tests.primus_sim import ppin_config
from tests.primus_sim.libconfig import Group
from tests.primus_sim.ppin_config import Config, ConfigError
from tests.primus_sim.ppin_hsm import Hsms, TestChoice
from tests.primus_sim.ppin_terminal import Terminal
from tests.primus_sim.secretsfile import SecretsFile, SecretsFileError
from tests.primus_sim.switches import AddAgain, ExitStatus, NoFile, PpinSwitches, read_ppin_switches
from tests.primus_sim.wire import HsmError

VERSION = "Primus HSM PKCS#11 2.2.4"
ALREADY_THERE = 0x80005002
NO_SECRETS_FILE = 0x80005004
BAD_SECRETS_FILE = 0x80005006
NO_WRITE_ACCESS = 0x80005007
ADD_FAILED = 0x80005008
UPDATE_FAILED = 0x80005010
REMOVE_FAILED = 0x80005011
USER_UNKNOWN = 0x80005012

OWN_CODES = {0x80000037: 0x80005018, 0x80000069: 0x80005019}
"""What `ppin` calls some of the HSM's codes: setup password expired, partition disabled."""

USAGE = 2
INTERRUPTED = 130


class PpinError(Exception):
    """Something failed, with the code that `ppin` shows."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:08X}")
        self.code = code


class Ppin:
    """One run."""

    def __init__(self, options: argparse.Namespace, switches: PpinSwitches, root: str) -> None:
        self._options = options
        self._switches = switches
        self._terminal = Terminal(switches)
        self._config_path = ppin_config.find(options.c, "SECUROSYS_PKCS11_CONF", "primus.cfg", root)
        self._secrets_path = ppin_config.find(options.s, "SECUROSYS_SECRETS_CONF", ".secrets.cfg", root)

    def run(self) -> int:
        """Do what was asked for; the exit status."""
        options = self._options
        commands: list[tuple[bool, str, Callable[[], bool]]] = [
            (options.v, "Failed", self._version),
            (options.l, "Failed to list", self._list),
            (options.a, "Failed to add permanent secret", self._add),
            (options.u, "Failed to update permanent secret", self._update),
            (options.r, "Failed to remove permanent secret", self._remove),
            (options.p, "Failed to add proxy password", self._add_proxy),
            (options.x, "Failed to remove proxy password", self._remove_proxy),
            (options.test, "Failed to test", self._test),
            (options.fetchlog, "Failed to fetch log", self._fetch_log),
            (options.fortinet, "Failed to make secret", self._fortinet),
        ]
        for chosen, failure, command in commands:
            if not chosen:
                continue
            try:
                fine = command()
            except (PpinError, ConfigError, HsmError) as error:
                self._terminal.complain(OWN_CODES.get(error.code, error.code), failure)
                fine = False
            return 0 if fine or self._switches.exit_status is ExitStatus.ALWAYS_ZERO else 1
        return USAGE

    def _version(self) -> bool:
        self._terminal.say(VERSION)
        return True

    def _list(self) -> bool:
        config, secrets = self._load()
        self._show(config, secrets)
        return True

    def _add(self) -> bool:
        config, secrets = self._load()
        user = self._known(config.copies)
        if user in secrets.users and self._switches.add_again is AddAgain.REFUSE:
            raise PpinError(ALREADY_THERE)
        self._terminal.banner()
        setup, pin = self._passwords(user)
        secret = self._hsms(config, secrets).fetch(user, setup, pin)
        return self._keep(config, secrets, user, secret, ADD_FAILED)

    def _update(self) -> bool:
        config, secrets = self._load()
        user = self._known(config.copies)
        self._terminal.banner()
        setup, pin = self._passwords(user)
        # Documented: when the update fails, the old entry is gone.
        secrets.users.pop(user, None)
        self._save(secrets, UPDATE_FAILED)
        secret = self._hsms(config, secrets).fetch(user, setup, pin)
        return self._keep(config, secrets, user, secret, UPDATE_FAILED)

    def _keep(self, config: Config, secrets: SecretsFile, user: str, secret: str, failure: int) -> bool:
        secrets.set_user(user, secret, self._switches.blinded)
        self._save(secrets, failure)
        self._show(config, secrets)
        return True

    def _remove(self) -> bool:
        config, secrets = self._load()
        return self._take_out(config, secrets, secrets.users, self._known(config.copies))

    def _remove_proxy(self) -> bool:
        config, secrets = self._load()
        return self._take_out(config, secrets, secrets.proxies, self._known(config.proxies))

    def _take_out(self, config: Config, secrets: SecretsFile, entries: dict[str, Group], user: str) -> bool:
        if entries.pop(user, None) is None:
            raise PpinError(REMOVE_FAILED)
        self._save(secrets, REMOVE_FAILED)
        self._show(config, secrets, only=user)
        return True

    def _add_proxy(self) -> bool:
        config, secrets = self._load()
        user = self._known(config.proxies)
        self._terminal.banner()
        given = self._options.passwords
        password = given[0] if given else self._terminal.ask_proxy_password(user)
        self._hsms(config, secrets).validate_proxy(user, password)
        secrets.set_proxy(user, password, self._switches.blinded)
        self._save(secrets, ADD_FAILED)
        self._show(config, secrets)
        return True

    def _test(self) -> bool:
        options = self._options
        config, secrets = self._load()
        self._terminal.say(f"Load config file: '{config.path}'\n")
        choice = TestChoice(options.user, options.hsm, options.slot, options.slotid)
        last = ""
        for last in self._hsms(config, secrets).test(choice):
            self._terminal.say(last)
        return last.endswith(": 0")

    def _fetch_log(self) -> bool:
        options = self._options
        config, secrets = self._load()
        lines = self._hsms(config, secrets).log(options.user or "", options.hsm or "", options.since or "")
        self._terminal.say(f"Dump log starting from {options.since or '1970-01-01'} 00:00 UTC")
        self._terminal.say("Fetching log from HSM.")
        self._terminal.say("Number of slots: 1")
        text = "".join(f"{line}\n" for line in (reversed(lines) if options.reverse else lines))
        if options.out:
            Path(options.out).write_text(text)
        else:
            print(text, end="", flush=True)
        return True

    def _fortinet(self) -> bool:
        options = self._options
        config, secrets = self._load()
        user = options.user
        if not any(config.copies(user or "")):
            raise PpinError(USER_UNKNOWN)
        setup, pin = self._passwords(user)
        made, proxy_password = SecretsFile(), options.proxypwd
        if options.proxyuser:
            proxy_password = proxy_password or self._terminal.ask_proxy_password(options.proxyuser)
            made.set_proxy(options.proxyuser, proxy_password, self._switches.blinded)
        secret = self._hsms(config, secrets).fetch(user, setup, pin, proxy_password)
        made.set_user(user, secret, self._switches.blinded)
        text = made.text(self._switches.proxy_entries)
        self._terminal.say("# Fortinet secret to be loaded:")
        self._terminal.say(base64.b64encode(text.encode()).decode())
        return True

    def _load(self) -> tuple[Config, SecretsFile]:
        config = ppin_config.load(self._config_path)
        try:
            return config, SecretsFile.load(self._secrets_path)
        except FileNotFoundError:
            if self._switches.no_file is NoFile.REFUSE:
                raise PpinError(NO_SECRETS_FILE) from None
            return config, SecretsFile()
        except (OSError, SecretsFileError):
            raise PpinError(BAD_SECRETS_FILE) from None

    def _save(self, secrets: SecretsFile, failure: int) -> None:
        try:
            secrets.save(self._secrets_path, self._switches.proxy_entries)
        except PermissionError:
            raise PpinError(NO_WRITE_ACCESS) from None
        except OSError:
            raise PpinError(failure) from None

    def _show(self, config: Config, secrets: SecretsFile, only: str | None = None) -> None:
        self._terminal.banner()
        self._terminal.status(config, secrets, only)

    def _hsms(self, config: Config, secrets: SecretsFile) -> Hsms:
        return Hsms(config, secrets, hangs=self._switches.hangs)

    def _known(self, places: Callable[[str], Iterable[object]]) -> str:
        """The user of -e, who has to be in primus.cfg."""
        user = self._options.e or ""
        if not any(True for _ in places(user)):
            raise PpinError(USER_UNKNOWN)
        return user

    def _passwords(self, user: str) -> tuple[str, str]:
        """Setup password and PIN: those given, the others asked for."""
        given = list(self._options.passwords)
        setup = given.pop(0) if given else self._terminal.ask_setup_password(user)
        pin = given.pop(0) if given else self._terminal.ask_pin(user)
        return setup, pin


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ppin", allow_abbrev=False)
    for letter, effect in {
        "v": "version of the PKCS#11 provider",
        "l": "list all slots and service/proxy users",
        "a": "add the permanent secret of a user",
        "u": "update the permanent secret of a user",
        "r": "remove the permanent secret of a user",
        "p": "add the password of a service/proxy user",
        "x": "remove the password of a service/proxy user",
    }.items():
        parser.add_argument(f"-{letter}", action="store_true", help=effect)
    parser.add_argument("-t", "--test", action="store_true", help="test all connections")
    parser.add_argument("--fetchlog", action="store_true", help="dump the log of a partition")
    parser.add_argument("--fortinet", action="store_true", help="print the secrets for a FortiGate")
    parser.add_argument("--reverse", action="store_true")
    for name in ("-c", "-s", "-e", "--user", "--hsm", "--slot", "--out", "--proxyuser"):
        parser.add_argument(name)
    parser.add_argument("--proxypwd", "--proxypassword")
    parser.add_argument("--slotid", type=int)
    parser.add_argument("--since", type=lambda text: date.fromisoformat(text).isoformat())
    parser.add_argument("passwords", nargs="*")
    return parser


def main(arguments: Sequence[str], script: Path) -> int:
    """Run `ppin`; its switches stand in ../etc/stand-in.cfg, seen from the script."""
    parser = _parser()
    options = parser.parse_args(arguments)
    stand_in = script.parent.parent / "etc" / "stand-in.cfg"
    text = stand_in.read_text() if stand_in.exists() else ""
    root = libconf.loads(text).get("library", {}).get("root", "")
    try:
        status = Ppin(options, read_ppin_switches(text), root).run()
    except KeyboardInterrupt:
        return INTERRUPTED
    if status == USAGE:
        parser.print_usage()
    return status
