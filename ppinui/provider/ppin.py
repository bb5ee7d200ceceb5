"""Driving the vendor's ppin on a terminal of its own: it alone can fetch a permanent secret."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pexpect

from ppinui.config.locate import CONFIG_VARIABLE, SECRETS_VARIABLE
from ppinui.config.primus_config import require_safe_name
from ppinui.errors import PpinuiError
from ppinui.files.private_folder import PrivateFolder, memory_place
from ppinui.pkcs11.return_codes import VENDOR_DEFINED, PinVerdict
from ppinui.provider.ppin_binary import RUNNING
from ppinui.provider.provider_log import read_log
from ppinui.provider.vendor_codes import ConnectionVerdict, PrimusEntry, Suspect, describe, refusal
from ppinui.secrets.fetcher import Configuration, FetchFailed
from ppinui.secrets.hints import command_to_replace
from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import SecretKind
from ppinui.text import MASK
from ppinui.workers.hardening import end_with_parent

_PROMPT: Final = re.compile(rb"Provide (setup|PKCS11|proxy) password for '(.*?)' ?: ?$")
"""The documented prompts, at the end of what was printed; group 1 says which password is meant."""
_CODE: Final = re.compile(r"0x[0-9A-Fa-f]{8}\b")
_ECHO_OFF_SECONDS: Final = 5.0
_OUTPUT_LINES: Final = 3
"""How much of ppin's own words an error repeats."""
_TYPEABLE: Final = 1024
"""Bytes of a password: less than a terminal's line can have."""


@dataclass(frozen=True)
class _Ended:
    """How a run ended."""

    status: int | None
    """Exit code; None if it was killed."""
    output: str = field(repr=False)
    stopped: str | None
    """Why we ended it, None if it ended by itself."""
    secrets_file: bytes = field(default=b"", repr=False)
    log: bytes = field(default=b"", repr=False)


class Ppin:
    """The vendor's ppin at a path that :func:`~ppinui.provider.ppin_binary.check_trust` has accepted."""

    def __init__(
        self, binary: Path, *, environ: Mapping[str, str] = os.environ, timeout: float = 60.0
    ) -> None:
        """``timeout``: seconds that ppin may be silent."""
        self.binary = binary
        self._environ = environ
        self._timeout = timeout

    def add(
        self,
        user: str,
        setup_password: Secret,
        pin: Secret,
        *,
        configurations: Sequence[Configuration],
        secrets_file: bytes,
    ) -> bytes:
        """Fetch the permanent secret of a partition; returns the secrets file that ppin has made.

        ``configurations``: one for each HSM that has the partition; the next one is tried only when an HSM
        was not reached at all. ``secrets_file``: what ppin starts with. Raises :class:`FetchFailed`.
        """
        answers = {b"setup": setup_password, b"PKCS11": pin}
        return self._first_reached(["-a", "-e", user], user, answers, configurations, secrets_file)

    def add_proxy(
        self, user: str, password: Secret, *, configurations: Sequence[Configuration], secrets_file: bytes
    ) -> bytes:
        """Validate and add the password of a service proxy, as :meth:`add` does with a permanent secret."""
        try:
            return self._first_reached(
                ["-p", "-e", user], user, {b"proxy": password}, configurations, secrets_file
            )
        except FetchFailed as failure:
            if failure.code is None or not failure.rejected:
                raise
            # The proxy's password was the only one that was offered.
            wrong = Suspect("proxy password", user, command_to_replace(SecretKind.PROXY, user))
            raise self._answered(refusal(failure.code, [wrong])) from None

    def version(self) -> str:
        """The output of ``ppin -v``, one line. Raises :class:`FetchFailed`."""
        try:
            ended = subprocess.run(
                [self.binary, "-v"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={**self._environ, RUNNING: "1"},
                timeout=self._timeout,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            raise self._failed("'ppin -v' fails", "see whether it starts by hand") from None
        return ended.stdout.decode("utf-8", "replace").strip()

    def _first_reached(
        self,
        arguments: list[str],
        user: str,
        answers: Mapping[bytes, Secret],
        configurations: Sequence[Configuration],
        secrets_file: bytes,
    ) -> bytes:
        require_safe_name(user)
        for secret in answers.values():
            _check_typeable(secret, user)
        unreached: FetchFailed | None = None
        for configuration in configurations:
            ended = self._run(arguments, user, answers, configuration, secrets_file)
            if ended.status == 0 and ended.stopped is None and ended.secrets_file != secrets_file:
                return ended.secrets_file
            failure = self._explain(ended, answers.values())
            if failure.code is None or describe(failure.code).secret is not ConnectionVerdict.NOT_REACHED:
                raise failure
            unreached = unreached or failure
        raise unreached or self._failed(f"no HSM has '{user}'", "add the partition to primus.cfg")

    def _run(
        self,
        arguments: list[str],
        user: str,
        answers: Mapping[bytes, Secret],
        configuration: Configuration,
        secrets_file: bytes,
    ) -> _Ended:
        with PrivateFolder(memory_place(self._environ)) as folder:
            log = folder.path / "primus.log"
            text = configuration(str(log)).encode("utf-8", "surrogateescape")
            config = folder.write("primus.cfg", text)
            result = folder.write(".secrets.cfg", secrets_file)
            environ = {
                name: value for name, value in self._environ.items() if name != "CREDENTIALS_DIRECTORY"
            }
            environ |= {
                CONFIG_VARIABLE: str(config),
                SECRETS_VARIABLE: str(result),
                RUNNING: "1",
            }
            files = ["-c", str(config), "-s", str(result)]
            ended = self._converse([*files, *arguments], user, answers, environ, folder.path)
            return replace(ended, secrets_file=_content(result), log=_content(log))

    def _converse(
        self,
        arguments: list[str],
        user: str,
        answers: Mapping[bytes, Secret],
        environ: dict[str, str],
        folder: Path,
    ) -> _Ended:
        """Answer each prompt once, when the echo is off."""
        try:
            child = pexpect.spawn(
                str(self.binary),
                arguments,
                env=environ,
                cwd=str(folder),
                timeout=self._timeout,
                preexec_fn=end_with_parent,
                dimensions=(24, 500),
            )
        except (pexpect.ExceptionPexpect, OSError):
            raise self._failed("ppin cannot be started", "see whether it starts by hand: ppin -v") from None
        child.delaybeforesend = None  # we wait for the echo to be off instead
        stopped: str | None = None
        shown = b""
        remaining = dict(answers)
        try:
            while stopped is None and child.expect([_PROMPT, pexpect.EOF]) == 0:
                shown += child.before + child.after
                kind, name = child.match.groups()
                if os.fsdecode(name) != user or kind not in remaining:
                    stopped = "it asks for a password that it should not need"
                elif not child.waitnoecho(_ECHO_OFF_SECONDS):
                    stopped = "it asks for a password with the echo on, so nothing was typed"
                else:
                    child.send(remaining.pop(kind).reveal_bytes() + b"\n")
            if stopped is None:
                shown += child.before
                child.wait()
        except pexpect.TIMEOUT:
            shown += child.before
            stopped = f"it was silent for {self._timeout:g} s"
        except OSError:
            stopped = "it closed its terminal"
        finally:
            if child.isalive():
                child.kill(signal.SIGKILL)
                child.wait()
            child.close()
        return _Ended(child.exitstatus, shown.decode("utf-8", "surrogateescape"), stopped)

    def _explain(self, ended: _Ended, secrets: Collection[Secret]) -> FetchFailed:
        """The failure in words: by the code that ppin printed, else by the one in the provider's log."""
        codes = [int(code, 16) for code in _CODE.findall(ended.output)]
        vendors = [code for code in codes if code >= VENDOR_DEFINED]
        code = next(reversed(vendors or codes), None) or read_log(ended.log).code
        if code is not None:
            return self._answered(describe(code))
        output = ended.output
        for secret in filter(None, secrets):
            output = output.replace(secret.reveal_bytes().decode("utf-8", "surrogateescape"), MASK)
        said = [line.strip() for line in output.splitlines() if line.strip(" *")][-_OUTPUT_LINES:]
        how = ended.stopped or ("it was killed" if ended.status is None else f"exit code {ended.status}")
        return self._failed(
            f"ppin did not do it ({how}); it said: {' / '.join(said) or 'nothing'}",
            "run the vendor's ppin by hand to see more, or test the connection: ppinui --test",
        )

    def _answered(self, entry: PrimusEntry) -> FetchFailed:
        message = f"{entry.name} ({entry.hex}): {entry.meaning}"
        rejected = entry.pin is PinVerdict.WRONG
        return FetchFailed(message, str(self.binary), entry.remedy, code=entry.code, rejected=rejected)

    def _failed(self, message: str, remedy: str) -> FetchFailed:
        return FetchFailed(message, str(self.binary), remedy)


def _check_typeable(secret: Secret, user: str) -> None:
    clear = secret.reveal_bytes()
    if len(clear) > _TYPEABLE or any(byte < 0x20 or byte == 0x7F for byte in clear):
        raise PpinuiError(
            "a password with control characters, or of more than 1024 bytes, cannot be typed at a terminal",
            f"the password for '{user}'",
            "check what was typed or pasted: is there a line end too many?",
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
