"""What a primus.cfg says and what is wrong with it, as text for people and as data for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ppinui.cli.console import as_json, emit, say
from ppinui.cli.program_name import rewrite_commands
from ppinui.config.locate import Location
from ppinui.config.primus_config import Hsm, PrimusConfig, Slot
from ppinui.config.redaction import is_secret_path, without_setup_passwords
from ppinui.config.settings import GLOBAL_SETTINGS, LOG_SETTINGS, SettingSpec, SettingType, spec_of
from ppinui.config.value_input import as_typed
from ppinui.diagnostic import PROBLEMS, Diagnostic, Severity, count_severities
from ppinui.errors import ExitCode
from ppinui.libconfig.document import Document, Kind, Setting
from ppinui.text import MASK, printable


def shown_value(setting: Setting, *, reveal: bool) -> str:
    """A scalar as one word: strings without quotes, true and false, numbers in decimal."""
    if is_secret_path(setting.path) and not reveal:
        return MASK
    word = as_typed(setting.value)
    return word if reveal else str(without_setup_passwords(word))


def show_text(config: PrimusConfig, location: Location, *, reveal: bool) -> str:
    """A summary for people: the file and how it was found, HSMs, slots, settings, unknown ones too."""
    lines = [f"{printable(str(location.path))} (found by: {printable(location.rule)})"]
    for hsm in config.hsms:
        lines += ["", _hsm_line(hsm), *(f"    {_slot_line(slot)}" for slot in hsm.slots)]
    if not config.hsms:
        lines += ["", "no HSMs"]
    for title, parent, specs in (("primus", "primus", GLOBAL_SETTINGS), ("log", "primus.log", LOG_SETTINGS)):
        lines += ["", title, *(f"    {line}" for line in _settings(config.document, parent, specs))]
    for title, settings in (
        ("clear-text secrets", _clear_secrets(config.document)),
        ("unknown settings, kept as they are", _unknown(config)),
    ):
        found = [
            f"    line {setting.place.line}: {setting.path} = {_source(setting, reveal=reveal)}"
            for setting in settings
        ]
        lines += ["", title, *found] if found else []
    text = "\n".join(lines) + "\n"
    return text if reveal else str(without_setup_passwords(text))


def _hsm_line(hsm: Hsm) -> str:
    host, port = printable(hsm.host or "(no host)"), printable(hsm.port or "(no port)")
    return f"{printable(hsm.name)}: {host} port {port}, priority {hsm.priority}"


def _slot_line(slot: Slot) -> str:
    number = "?" if slot.id is None else slot.id
    parts = [f"{slot.name} (id={number}), user={slot.user_name or '(no name)'}"]
    parts += [f"client={slot.client_id}"] if slot.client_id is not None else []
    parts += [f"proxy={slot.proxy_user}"] if slot.proxy_user is not None else []
    return printable(", ".join(parts))


def _settings(document: Document, parent: str, specs: Sequence[SettingSpec]) -> Iterator[str]:
    for spec in specs:
        if spec.type is SettingType.GROUP:
            continue
        setting = document.get(f"{parent}.{spec.name}")
        unit = f" {spec.unit}" if spec.unit else ""
        if setting is not None:
            yield f"{spec.name} = {_source(setting, reveal=True)}{unit}"  # none of these is a secret
        elif spec.default is not None:
            yield f"{spec.name} = {word(spec.default)}{unit} (default)"


def word(value: str | int | bool) -> str:
    """A default as it would be written in the file."""
    return f'"{value}"' if isinstance(value, str) else as_typed(value)


def _source(setting: Setting, *, reveal: bool) -> str:
    """The value as it is written in the file; groups, arrays and lists by their type and size alone."""
    if not setting.kind.scalar:
        return f"({setting.kind.value} of {len(setting.children)})"
    return MASK if is_secret_path(setting.path) and not reveal else printable(setting.raw)


def _clear_secrets(document: Document) -> Iterator[Setting]:
    return (setting for setting in document.walk() if setting.kind.scalar and is_secret_path(setting.path))


def _unknown(config: PrimusConfig) -> Iterator[Setting]:
    yield from config.unknown
    for hsm in config.hsms:
        yield from hsm.unknown
        for slot in hsm.slots:
            yield from slot.unknown


def show_data(config: PrimusConfig, location: Location, *, reveal: bool) -> dict[str, Any]:
    """All that the file says, for programs: HSMs and slots with their lines, and every setting.

    ``settings`` has each scalar of the file with its place; ``globals`` and ``log`` have each documented
    setting, with its default where the file is silent. Clear-text secrets are ``••••`` unless ``reveal``.
    """
    data = {
        "config": str(location.path),
        "found_by": location.rule,
        "hsms": [_hsm_data(config, hsm, reveal) for hsm in config.hsms],
        "globals": dict(config.globals),
        "log": dict(config.log),
        "unknown": [setting.path for setting in _unknown(config)],
        "settings": [
            {
                "path": setting.path,
                "kind": setting.kind.value,
                "value": _value_data(setting, reveal),
                "documented": spec_of(setting.path) is not None,
                **_place_data(setting),
            }
            for setting in config.document.walk()
            if setting.kind.scalar
        ],
    }
    return data if reveal else dict(without_setup_passwords(data))


def _hsm_data(config: PrimusConfig, hsm: Hsm, reveal: bool) -> dict[str, Any]:
    setting = config.setting_of(hsm)
    return {
        "name": hsm.name,
        "path": hsm.path,
        **_place_data(setting),
        "host": hsm.host,
        "port": hsm.port,
        "priority": hsm.priority,
        "pin": _child_data(setting, "pin", reveal),
        "slots": [_slot_data(slot, config.setting_of(slot), reveal) for slot in hsm.slots],
    }


def _slot_data(slot: Slot, setting: Setting, reveal: bool) -> dict[str, Any]:
    return {
        "name": slot.name,
        "path": slot.path,
        **_place_data(setting),
        "id": slot.id,
        "user_name": slot.user_name,
        "client_id": slot.client_id,
        "proxy_user": slot.proxy_user,
        "proxy_password": _child_data(setting, "proxy_password", reveal),
    }


def _child_data(group: Setting, name: str, reveal: bool) -> str | int | float | bool | None:
    child = group.get(name)
    return _value_data(child, reveal) if child is not None and child.kind.scalar else None


def _value_data(setting: Setting, reveal: bool) -> str | int | float | bool:
    if is_secret_path(setting.path) and not reveal:
        return MASK
    value = setting.value
    # JSON has no number for these; libconfig reads 1e999 as infinity
    return str(value) if setting.kind is Kind.FLOAT and value - value != 0 else value  # type: ignore[operator]


def _place_data(setting: Setting) -> dict[str, Any]:
    place = setting.place
    return {"file": place.file, "line": place.line}


def show_problems(
    problems: Sequence[Diagnostic], config: str, given: str | None, output_format: str
) -> ExitCode:
    """Print the problems of a file, two lines for each or as JSON; NOT_FINE if one is an error.

    ``given`` is the file behind ``-c``, for the commands in what to do.
    """
    if output_format == "json":
        emit(as_json(_problems_data(problems, config, given)))
    else:
        emit(_problems_text(problems, given))
        say(f"{printable(config)}: {count_severities(problems) or 'no problems found'}")
    failed = any(problem.severity is Severity.ERROR for problem in problems)
    return ExitCode.NOT_FINE if failed else ExitCode.FINE


def _problems_text(problems: Sequence[Diagnostic], given: str | None) -> str:
    """Two lines for each problem: place, severity, what is wrong and the rule's name; what to do."""
    return "".join(
        f"{printable(str(problem.place))}: {problem.severity.value}: {printable(problem.message)}"
        f" [{problem.code}]\n    fix: {printable(rewrite_commands(problem.remedy, given))}\n"
        for problem in problems
    )


def _problems_data(problems: Sequence[Diagnostic], config: str, given: str | None) -> dict[str, Any]:
    """The same for programs, with the numbers of each severity."""
    counted = Counter(problem.severity for problem in problems)
    return {
        "config": config,
        "problems": [
            {
                "severity": problem.severity.value,
                "check": problem.code,
                "message": problem.message,
                "remedy": rewrite_commands(problem.remedy, given),
                "path": problem.subject or None,
                "file": problem.place.file,
                "line": problem.place.line,
                "column": problem.place.column,
            }
            for problem in problems
        ],
        **{f"{severity.value}s": counted[severity] for severity in PROBLEMS},
    }
