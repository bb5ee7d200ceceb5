"""``ppinui objects``: what is on a token."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ppinui.cli.console import as_json, emit, say
from ppinui.cli.token.token_output import render_objects
from ppinui.cli.token.token_session import slot_of, user_pin
from ppinui.errors import ExitCode, PpinuiError
from ppinui.pkcs11.object_attributes import ObjectClass
from ppinui.text import printable
from ppinui.tokens.export import as_pem, choose, write_pem
from ppinui.tokens.module_client import Access
from ppinui.tokens.objects import ObjectList, TokenObject, list_objects
from ppinui.tokens.pins import place_of
from ppinui.tokens.signing_check import make_test_key


def run(access: Access, arguments: argparse.Namespace) -> int:
    """Do what the action says; the result is the exit code."""
    return {"list": _list, "export": _export, "test-key": _test_key}[arguments.action](access, arguments)


def _list(access: Access, arguments: argparse.Namespace) -> int:
    """NOT_FINE if the time was up before the end of the list."""
    found = _fetch(access, arguments, arguments.seconds)
    shown = [one for one in found.objects if arguments.search is None or one.has(arguments.search)]
    now, soon = datetime.now(UTC), timedelta(days=arguments.expiring)
    if arguments.format == "json":
        emit(as_json(_as_json(found, shown, now, soon)))
    else:
        emit(render_objects(shown, now=now, soon=soon))
        say(_summary(found, shown))
    if not found.complete:
        say(f"the time was up after {len(found.objects)} of {found.found} objects: allow more with --seconds")
    return ExitCode.FINE if found.complete else ExitCode.NOT_FINE


def _summary(found: ObjectList, shown: list[TokenObject]) -> str:
    objects = "1 object" if len(shown) == 1 else f"{len(shown)} objects"
    of_all = f" of {len(found.objects)}" if len(shown) != len(found.objects) else ""
    private = "" if found.logged_in else "; private ones are not seen without --login"
    return f"{objects}{of_all} on {printable(found.slot.name)}{private}"


def _as_json(found: ObjectList, shown: list[TokenObject], now: datetime, soon: timedelta) -> dict[str, Any]:
    rows = []
    for one in shown:
        row = one.as_json()
        if one.certificate is not None:
            row["certificate"]["validity"] = one.certificate.validity(now, soon).value
        rows.append(row)
    return {
        "slot": found.slot.as_json(),
        "logged_in": found.logged_in,
        "found": found.found,
        "complete": found.complete,
        "objects": rows,
    }


def _fetch(access: Access, arguments: argparse.Namespace, seconds: float) -> ObjectList:
    slot = slot_of(arguments, access)
    with user_pin(arguments, access, slot) as pin:
        return list_objects(access, slot, pin, seconds=seconds, spend_final_try=arguments.spend_final_try)


def _export(access: Access, arguments: argparse.Namespace) -> int:
    if arguments.id is None and arguments.label is None:
        raise PpinuiError(
            "which object is to be written?", "ppinui objects export", "name it: --id HEX or --label L"
        )
    found = _fetch(access, arguments, seconds=60.0)
    cls = None if arguments.type is None else ObjectClass[arguments.type.upper().replace("-", "_")]
    wanted = choose(found, access.module, id_=arguments.id, label=arguments.label, cls=cls)
    pem = as_pem(wanted, place_of(found.slot, access.module))
    if arguments.output is None:
        emit(pem)
    else:
        write_pem(Path(arguments.output), pem)
        say(f"wrote {wanted.kind} '{printable(wanted.label)}' to {printable(arguments.output)}")
    return ExitCode.FINE


def _test_key(access: Access, arguments: argparse.Namespace) -> int:
    slot = slot_of(arguments, access)
    with user_pin(arguments, access, slot) as pin:
        made = make_test_key(
            access, slot, pin, on_token=arguments.on_token, spend_final_try=arguments.spend_final_try
        )
    place = "on the token" if made.on_token else "in a session"
    say(
        f"{printable(slot.name)}: made a key pair {place} ({made.type} {made.size}), signed with it, "
        "checked the signature, and removed the pair"
    )
    return ExitCode.FINE
