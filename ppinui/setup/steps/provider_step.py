"""The steps on what the applications need: the vendor's provider, the group primus, folders and files."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ppinui.config.locate import GROUP, Location
from ppinui.config.template import LOG_FILE
from ppinui.doctor.file_findings import look_at_config, look_at_group, look_at_secrets
from ppinui.doctor.program_findings import look_at_module, look_at_ppin
from ppinui.errors import PpinuiError
from ppinui.setup.questions import Question
from ppinui.setup.walkthrough import (
    Action,
    Block,
    Finding,
    Here,
    Running,
    Step,
    StepState,
    blocks_of,
    command,
    from_diagnostic,
    text,
    worst,
)

PROVIDER: Final = "provider"


_PROVIDER_TEXT: Final = """
    The applications use the vendor's PKCS#11 library, libprimusP11.so; its ppin fetches permanent secrets.
    Both come with the provider, as .deb, .rpm and .tar.gz from the vendor's download page, and lie in
    /usr/local/primus.
    - HSMs in FIPS mode need provider 2.0 or newer.
"""


def _provider_look(here: Here) -> Finding:
    context = here.context
    items = [from_diagnostic(seen) for seen in look_at_module(context)]
    items.append(from_diagnostic(look_at_ppin(context)))
    state = worst(tuple(items))
    words = {
        StepState.DONE: "the provider is installed",
        StepState.TO_DO: "ppin is missing: permanent secrets can only come from a .secrets.cfg made "
        "elsewhere",
        StepState.PROBLEM: "the provider is not installed, or cannot be used",
    }[state]
    return Finding(state, words, items=tuple(items))


PROVIDER_STEP: Final = Step(PROVIDER, "The vendor's provider", _PROVIDER_TEXT, _provider_look)
"""Looks whether both are there and can be used."""


FOLDERS: Final = "folders"
LOG: Final = "log_file"
"""The question's id."""
_FOLDER_MODE: Final = 0o750
"""Nothing for others (ppin.md: the group primus owns all files)."""
_LOG_MODE: Final = 0o770
"""Every application of the group writes the log."""


def folders_step(*, asks_log: bool = True) -> Step:
    """Looks who may read what; makes folders that are missing, where this account may.

    ``asks_log``: asks where the provider's log goes.
    """
    return Step(FOLDERS, "Group, folders and files", _text, _look, _questions if asks_log else lambda _: ())


def _text(here: Here) -> tuple[Block, ...]:
    words = """
        primus.cfg and .secrets.cfg are read by the group {group} and by nobody else. Every account that runs
        an application with the library is in this group. It will be {path}.
    """
    return blocks_of(words, group=GROUP, path=str(here.context.config_path()))


def _questions(here: Here) -> tuple[Question, ...]:
    return (
        Question(
            LOG,
            "The provider's log file",
            f"Every application writes to it. {LOG_FILE} is for the group {GROUP} alone; the vendor's own "
            "default /tmp/primus.log lies where everybody can write.",
            default=_log_of(here) or LOG_FILE,
            check=lambda value: None if str(value).startswith("/") else "give the whole path, from /",
        ),
    )


def _log_of(here: Here) -> str | None:
    """The log of the file that is there; None if there is none."""
    config = here.context.config_for_defaults()
    return None if config is None else str(config.log["file"])


def _look(here: Here) -> Finding:
    context = here.context
    location = context.location(must_exist=False)
    missing = tuple(_missing(here, location))
    items = [from_diagnostic(look_at_group(context, config_readable=os.access(location.path, os.R_OK)))]
    for folder, _ in missing:
        items.append(Finding(StepState.TO_DO, f"{folder} is not there", subject="folder"))
    if not missing:
        items.append(Finding(StepState.DONE, f"{location.path.parent} is there", subject="folder"))
    items += _files(here, location)
    commands = tuple(_commands(here, missing))
    state = worst(tuple(items))
    words = (
        "group, folders and files are as they should be"
        if state is StepState.DONE
        else "something is left to do"
    )
    return Finding(
        state,
        words,
        items=tuple(items),
        blocks=(text("As root:"), command(*commands)) if commands else (),
        action=_making(here, missing),
    )


def _missing(here: Here, location: Location) -> Iterator[tuple[Path, int]]:
    """Folders that are not there, with the mode that they get."""
    if not location.path.parent.exists():
        yield location.path.parent, _FOLDER_MODE
    log = here.answers.text(LOG) or _log_of(here) or ""
    if log.startswith("/"):
        folder = here.context.host.root / Path(log).parent.relative_to("/")
        if not folder.exists():
            yield folder, _LOG_MODE


def _files(here: Here, location: Location) -> Iterator[Finding]:
    """Who may read the files that are there already."""
    context = here.context
    if location.exists:
        seen = look_at_config(context).findings
        yield from (from_diagnostic(one) for one in seen if one.subject.endswith(", access"))
    if context.secrets_location().exists:
        files = look_at_secrets(context).findings
        yield from (from_diagnostic(one) for one in files if one.subject.endswith(", access"))


def _commands(here: Here, missing: tuple[tuple[Path, int], ...]) -> Iterator[str]:
    account, group = here.context.host.account, here.context.host.group
    if group is None:
        yield f"sudo groupadd --system {GROUP}"
    if account.uid != 0 and (group is None or group.number not in account.groups):
        yield f"sudo usermod -aG {GROUP} {shlex.quote(account.name)}"
    for folder, mode in missing:
        yield f"sudo install -d -m {mode:04o} -g {GROUP} {shlex.quote(str(folder))}"


def _making(here: Here, missing: tuple[tuple[Path, int], ...]) -> Action | None:
    """Making folders that are missing; None where this account may not."""
    if not missing or not all(os.access(_nearest(folder), os.W_OK | os.X_OK) for folder, _ in missing):
        return None
    names = " and ".join(str(folder) for folder, _ in missing)
    group = here.context.host.group

    def make(_: object, running: Running) -> None:
        for folder, mode in missing:
            running.say(f"making {folder}")
            _make(folder, mode, None if group is None else group.number)
            here.context.audit("make folder", folder)

    return Action(f"make {names}", f"Makes {names}, open to the group {GROUP} and to nobody else.", make)


def _nearest(folder: Path) -> Path:
    return next(parent for parent in folder.parents if parent.exists())


def _make(folder: Path, mode: int, group: int | None) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        if group is not None and (os.geteuid() == 0 or group in os.getgroups()):
            os.chown(folder, -1, group)
        folder.chmod(mode)
    except OSError as error:
        raise PpinuiError(
            f"the folder cannot be made: {error.strerror}", str(folder), "make it as root"
        ) from None
