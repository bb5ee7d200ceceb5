"""Adding, duplicating, renaming and deleting HSMs and slots from the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ppinui.config.primus import DEFAULT_PORT, Hsm, PrimusConfig, Slot
from ppinui.config.validators import check_host, check_port, check_user_name
from ppinui.editing.edits import AddHsm, AddSlot, Duplicate, Edit, Remove, Rename
from ppinui.editing.tree_model import Branch
from ppinui.text import plural
from ppinui.tui.dialogs.choice_dialog import Answer, Question
from ppinui.tui.dialogs.form_dialog import Answers, Asking, Wanted

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

_NAME: Final = re.compile(r"[A-Za-z*][-A-Za-z0-9_*]*")
_NUMBERED: Final = re.compile(r"(.*?)(\d+)")
_ID: Final = re.compile(r"[0-9]{1,10}")


async def add(app: PpinuiApp) -> None:
    """Add a slot to the HSM that is selected, or an HSM."""
    config, line = app.main.config, app.main.selected
    hsm = _hsm_of(config, line.path)
    if hsm is None:
        await _add_hsm(app, None)
        return
    answer = await app.push_screen_wait(
        Question(
            "Add what?",
            [],
            [
                Answer("slot", "s", f"A slot on {hsm.name}"),
                Answer("hsm", "h", "An HSM"),
                Answer("back", "b", "Back"),
            ],
        )
    )
    if answer == "slot":
        await _add_slot(app, hsm)
    elif answer == "hsm":
        await _add_hsm(app, None)


async def duplicate(app: PpinuiApp) -> None:
    """Put a copy of what is selected beside it: an HSM as its redundant copy, a slot with another id."""
    config, line = app.main.config, app.main.selected
    if line.branch is Branch.HSM:
        await _add_hsm(app, config.hsm(line.title))
    elif line.branch is Branch.SLOT:
        slot = next(one for one in config.slots if one.path == line.path)
        await _duplicate_slot(app, slot)
    else:
        app.notify("HSMs and slots can be duplicated: select one.")


async def rename(app: PpinuiApp) -> None:
    """Give the group of what is selected another name."""
    line = app.main.selected
    if line.branch not in (Branch.HSM, Branch.SLOT):
        app.notify("HSMs and slots can be renamed: select one.")
        return
    await app.push_screen_wait(
        Asking(
            f"Rename the {line.branch.value} {line.title}",
            [Wanted("name", "new name", line.title, check=_name_flaw)],
            lambda answers: app.main.do(Rename(line.path, answers["name"])),
        )
    )


async def delete(app: PpinuiApp) -> None:
    """Take out what is selected; undo brings it back."""
    line = app.main.selected
    if line.branch not in (Branch.HSM, Branch.SLOT):
        app.notify("HSMs and slots can be deleted: select one.")
        return
    slots = len(hsm.slots) if (hsm := app.main.config.hsm(line.title)) and line.branch is Branch.HSM else 0
    more = f" with {plural(slots, 'slot')}" if slots else ""
    lines = app.main.outline.lines
    at = app.main.outline.cursor
    beside = next(
        (one.path for one in lines[at + 1 :] if not one.path.startswith(f"{line.path}.")), lines[at - 1].path
    )
    app.main.do(Remove(line.path), select=beside)
    app.notify(f"Deleted {line.title}{more}. Undo (F7) brings it back.", markup=False)


async def _add_hsm(app: PpinuiApp, like: Hsm | None) -> None:
    port = (like.port if like is not None else None) or DEFAULT_PORT
    priority = str(like.priority + 1) if like is not None and like.priority < 127 else ""
    title = f"Duplicate {like.name}, its slots too: where is the other HSM?" if like else "Add an HSM"

    def attempt(answers: Answers) -> None:
        number = int(answers["priority"]) if answers["priority"] else None
        app.main.do(AddHsm(answers["host"], answers["port"], number, like.name if like else None))

    await app.push_screen_wait(
        Asking(
            title,
            [
                Wanted("host", "host", hint="name or IP address", check=_host),
                Wanted("port", "port", port, check=_port),
                Wanted(
                    "priority", "priority", priority, "0–127, the smaller is tried first", check=_priority
                ),
            ],
            attempt,
        )
    )


async def _add_slot(app: PpinuiApp, hsm: Hsm) -> None:
    config = app.main.config
    proxy = next((slot.proxy_user for slot in hsm.slots if slot.proxy_user), "") or ""
    client = next((slot.client_id for slot in config.slots if slot.client_id), "") or ""

    def attempt(answers: Answers) -> None:
        app.main.do(
            AddSlot(
                hsm.path,
                answers["user_name"],
                int(answers["id"]),
                answers["client_id"] or None,
                answers["proxy_user"] or None,
            )
        )

    await app.push_screen_wait(
        Asking(
            f"Add a slot to {hsm.name}",
            [
                Wanted("user_name", "partition", hint="its user_name", check=_user_name),
                Wanted("id", "slot id", str(config.next_free_id), check=_slot_id),
                Wanted("client_id", "client_id", client, "free text for the HSM's log"),
                Wanted("proxy_user", "proxy_user", proxy, "CloudHSM only"),
            ],
            attempt,
        )
    )


async def _duplicate_slot(app: PpinuiApp, slot: Slot) -> None:
    hsm = app.main.config.hsm(slot.hsm)
    assert hsm is not None

    def attempt(answers: Answers) -> None:
        edit: Edit = Duplicate(
            slot.path,
            _next_name(slot.name, {one.name for one in hsm.slots}),
            {"user_name": answers["user_name"], "id": int(answers["id"])},
        )
        app.main.do(edit)

    await app.push_screen_wait(
        Asking(
            f"Duplicate {slot.hsm}.{slot.name}",
            [
                Wanted("user_name", "partition", slot.user_name or "", check=_user_name),
                Wanted("id", "slot id", str(app.main.config.next_free_id), check=_slot_id),
            ],
            attempt,
        )
    )


def _hsm_of(config: PrimusConfig, path: str) -> Hsm | None:
    """The HSM that is selected, or in which a slot is."""
    return next((hsm for hsm in config.hsms if path == hsm.path or path.startswith(f"{hsm.path}.")), None)


def _next_name(name: str, taken: set[str]) -> str:
    found = _NUMBERED.fullmatch(name)
    stem, number = (found[1], int(found[2])) if found else (name, 0)
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def _host(text: str) -> str:
    flaw = check_host(text)
    return f"{flaw.message}; {flaw.remedy}" if flaw else ""


def _port(text: str) -> str:
    flaw = check_port(text)
    return f"{flaw.message}; {flaw.remedy}" if flaw else ""


def _user_name(text: str) -> str:
    flaw = check_user_name(text)
    return f"{flaw.message}; {flaw.remedy}" if flaw else ""


def _priority(text: str) -> str:
    return "" if not text or (_ID.fullmatch(text) and int(text) <= 127) else "priority is a number, 0–127"


def _slot_id(text: str) -> str:
    return "" if _ID.fullmatch(text) and int(text) < 2**31 else "id is a number, 0–2147483647"


def _name_flaw(text: str) -> str:
    return "" if _NAME.fullmatch(text) else "a name is letters, digits, '-', '_', beginning with a letter"
