"""Adding, duplicating, renaming and deleting HSMs and slots from the screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final

from ppinui.config.primus_config import Hsm, PrimusConfig, Slot
from ppinui.config.settings import DEFAULT_PORT
from ppinui.editing.edits import AddHsm, AddSlot, Duplicate, Edit, Remove, Rename, patch_between
from ppinui.editing.form_fields import Field, NotAllowedError, absent_field, read_value
from ppinui.editing.tree_model import Branch
from ppinui.libconfig.document import ConfigSyntaxError
from ppinui.text import plural
from ppinui.tui.app_context import AppContext
from ppinui.tui.background import run_in_thread
from ppinui.tui.dialogs.choice_dialog import DialogChoice, error_dialog
from ppinui.tui.dialogs.form_dialog import Answers, FormDialog, FormField
from ppinui.tui.text_editor import edited

_NAME: Final = re.compile(r"[A-Za-z*][-A-Za-z0-9_*]*")
_NUMBERED: Final = re.compile(r"(.*?)(\d+)")
_HOST, _PORT, _PRIORITY = (absent_field(f"primus.hsms.HSM.{name}") for name in ("host", "port", "priority"))
_USER_NAME, _ID = (absent_field(f"primus.hsms.HSM.slots.SLOT.{name}") for name in ("user_name", "id"))
_AFTER_SYNTAX_ERROR: Final = [
    DialogChoice("again", "e", "Edit it again"),
    DialogChoice("discard", "d", "Discard it"),
]


async def add(context: AppContext) -> None:
    """Add a slot to the HSM that is selected, or an HSM."""
    config, line = context.config, context.view.selected
    hsm = _hsm_of(config, line.path)
    if hsm is None:
        await _add_hsm(context, None)
        return
    answer = await context.choose(
        "Add what?",
        [],
        [
            DialogChoice("slot", "s", f"A slot on {hsm.name}"),
            DialogChoice("hsm", "h", "An HSM"),
            DialogChoice("back", "b", "Back"),
        ],
    )
    if answer == "slot":
        await _add_slot(context, hsm)
    elif answer == "hsm":
        await _add_hsm(context, None)


async def duplicate(context: AppContext) -> None:
    """Put a copy of what is selected beside it: an HSM as its redundant copy, a slot with another id."""
    config, line = context.config, context.view.selected
    if line.branch is Branch.HSM:
        await _add_hsm(context, config.hsm(line.title))
    elif line.branch is Branch.SLOT:
        slot = next(one for one in config.slots if one.path == line.path)
        await _duplicate_slot(context, slot)
    else:
        context.notify("HSMs and slots can be duplicated: select one.")


async def rename(context: AppContext) -> None:
    """Rename the group of what is selected."""
    line = context.view.selected
    if line.branch not in (Branch.HSM, Branch.SLOT):
        context.notify("HSMs and slots can be renamed: select one.")
        return
    await context.ask(
        FormDialog(
            f"Rename the {line.branch.value} {line.title}",
            [FormField("name", "new name", line.title, check=_name_flaw)],
            lambda answers: context.view.apply(Rename(line.path, answers["name"])),
        )
    )


async def delete(context: AppContext) -> None:
    """Remove what is selected; undo brings it back."""
    line = context.view.selected
    if line.branch not in (Branch.HSM, Branch.SLOT):
        context.notify("HSMs and slots can be deleted: select one.")
        return
    slots = len(hsm.slots) if (hsm := context.config.hsm(line.title)) and line.branch is Branch.HSM else 0
    more = f" with {plural(slots, 'slot')}" if slots else ""
    beside = context.view.path_beside(line.path)
    context.view.apply(Remove(line.path), select=beside)
    context.notify(f"Deleted {line.title}{more}. Undo (F7) brings it back.")


async def edit_text(context: AppContext) -> None:
    """Open what is on the screen, saved or not, at the place of the cursor; nothing is saved by this."""
    if not context.view.take_typed():
        return
    document = context.session.document
    setting = document.get(context.view.place) or document.root
    text, line = document.text, setting.place.line if setting.place.file == document.origin else 1
    while True:
        text = await edited(
            context.suspend, text, context.session.path.name, context.options.editor_environ, line
        )
        if text == document.text:
            context.notify("Nothing was changed.")
            return
        try:
            await run_in_thread(partial(document.with_text, text))
        except ConfigSyntaxError as flaw:
            line = flaw.at.line
            answer = ""
            while not answer:  # what was edited is not given up by a slip
                answer = await context.ask(error_dialog(flaw, _AFTER_SYNTAX_ERROR))
            if answer == "discard":
                return
        else:
            context.view.apply(patch_between(document.text, text, "edited as text"))
            return


async def _add_hsm(context: AppContext, like: Hsm | None) -> None:
    port = (like.port if like is not None else None) or DEFAULT_PORT
    priority = str(like.priority + 1) if like is not None and like.priority < 127 else ""
    title = f"Duplicate {like.name}, its slots too: where is the other HSM?" if like else "Add an HSM"

    def attempt(answers: Answers) -> None:
        number = _number(_PRIORITY, answers["priority"])
        context.view.apply(AddHsm(answers["host"], answers["port"], number, like.name if like else None))

    await context.ask(
        FormDialog(
            title,
            [
                FormField("host", "host", hint="name or IP address", check=_check(_HOST)),
                FormField("port", "port", port, check=_check(_PORT)),
                FormField(
                    "priority",
                    "priority",
                    priority,
                    "0–127, the smaller is tried first",
                    check=_check(_PRIORITY),
                ),
            ],
            attempt,
        )
    )


async def _add_slot(context: AppContext, hsm: Hsm) -> None:
    config = context.config
    proxy = next((slot.proxy_user for slot in hsm.slots if slot.proxy_user), "") or ""
    client = next((slot.client_id for slot in config.slots if slot.client_id), "") or ""

    def attempt(answers: Answers) -> None:
        context.view.apply(
            AddSlot(
                hsm.path,
                answers["user_name"],
                _number(_ID, answers["id"]) or 0,
                answers["client_id"] or None,
                answers["proxy_user"] or None,
            )
        )

    await context.ask(
        FormDialog(
            f"Add a slot to {hsm.name}",
            [
                FormField("user_name", "partition", hint="its user_name", check=_check(_USER_NAME)),
                FormField("id", "slot id", str(config.next_free_id), check=_check(_ID)),
                FormField("client_id", "client_id", client, "free text for the HSM's log"),
                FormField("proxy_user", "proxy_user", proxy, "CloudHSM only"),
            ],
            attempt,
        )
    )


async def _duplicate_slot(context: AppContext, slot: Slot) -> None:
    hsm = context.config.hsm(slot.hsm)
    assert hsm is not None

    def attempt(answers: Answers) -> None:
        edit: Edit = Duplicate(
            slot.path,
            _next_name(slot.name, {one.name for one in hsm.slots}),
            {"user_name": answers["user_name"], "id": _number(_ID, answers["id"]) or 0},
        )
        context.view.apply(edit)

    await context.ask(
        FormDialog(
            f"Duplicate {slot.hsm}.{slot.name}",
            [
                FormField("user_name", "partition", slot.user_name or "", check=_check(_USER_NAME)),
                FormField("id", "slot id", str(context.config.next_free_id), check=_check(_ID)),
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


def _check(field: Field) -> Callable[[str], str]:
    """What is wrong with a typed text as the value of a field, "" for nothing."""

    def check(text: str) -> str:
        try:
            read_value(field, text)
        except NotAllowedError as error:
            return str(error)
        return ""

    return check


def _number(field: Field, text: str) -> int | None:
    value = read_value(field, text)
    return None if value is None else int(value)


def _name_flaw(text: str) -> str:
    return "" if _NAME.fullmatch(text) else "a name is letters, digits, '-', '_', beginning with a letter"


FLOWS: Final[Mapping[str, Callable[[AppContext], Coroutine[Any, Any, None]]]] = {
    "add": add,
    "duplicate": duplicate,
    "rename": rename,
    "delete": delete,
    "text": edit_text,
}
"""What the main screen starts, by the names in its bindings."""
