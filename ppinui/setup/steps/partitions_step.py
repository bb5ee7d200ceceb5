"""The step on partitions: their names, and the service user that passes the proxy for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ppinui.config.primus_config import Slot, require_safe_name
from ppinui.config.value_input import check_user_name
from ppinui.errors import PpinuiError
from ppinui.setup.config_plan import find_hsm
from ppinui.setup.questions import Question, QuestionType, Row, Value
from ppinui.setup.steps.hsms_step import HSMS, words_of
from ppinui.setup.walkthrough import Finding, Here, Step, StepState

PARTITIONS: Final = "partitions"
SERVICE_USER: Final = "service_user"
"""The questions' ids."""


def partitions_step(*, behind_proxy: Callable[[Here], bool] = lambda _: False) -> Step:
    """Asks for partitions, and for the service user where the HSMs are ``behind_proxy``."""
    return Step(
        PARTITIONS,
        "Partitions",
        _TEXT,
        _look,
        lambda here: (*((_service_user(here),) if behind_proxy(here) else ()), _partitions(here)),
        required=True,
    )


_TEXT: Final = """
    A partition is what an application sees as a PKCS#11 slot with a token in it. The same name on several
    HSMs is one redundant partition; here each one is on all of the HSMs.
"""


def _service_user(here: Here) -> Question:
    return Question(
        SERVICE_USER,
        "Service user",
        "Who passes the proxy in front of the HSMs: 'service user' in the welcome ticket, such as "
        "eqabxrfnqqos. Its password is asked for later.",
        default=next((slot.proxy_user for slot in _slots(here) if slot.proxy_user), None),
        check=_name_flaw,
    )


def _partitions(here: Here) -> Question:
    rows: dict[str, Row] = {}
    for slot in _slots(here):
        if slot.user_name and slot.user_name not in rows:
            row: dict[str, str | int] = {"name": slot.user_name}
            if slot.client_id is not None:
                row["client_id"] = slot.client_id
            if slot.id is not None:
                row["id"] = slot.id
            rows[slot.user_name] = row
    return Question(
        PARTITIONS,
        "Partitions",
        "Each partition that the application uses, with its name as it is on the HSM.",
        QuestionType.ROWS,
        default=tuple(rows.values()) or None,
        columns=(
            Question("name", "Name", "The partition's name (user name), letter by letter.", check=_name_flaw),
            Question(
                "client_id",
                "Client id",
                "Names the application in the HSM's log, such as the name of the application or of this "
                "machine. Left empty, it is the partition's name.",
                required=False,
            ),
            Question(
                "id",
                "Slot id",
                "The PKCS#11 slot id by which the application finds it. Left empty, it is the next free one.",
                QuestionType.NUMBER,
                required=False,
            ),
        ),
        row="partition",
        check=_same_names,
    )


def _slots(here: Here) -> tuple[Slot, ...]:
    """The slots that the file has already on these HSMs."""
    config = here.context.config_for_defaults()
    if config is None:
        return ()
    found = [find_hsm(config, str(row["host"]), str(row["port"])) for row in here.answers.rows(HSMS)]
    return tuple(slot for hsm in found if hsm is not None for slot in hsm.slots)


def _look(here: Here) -> Finding:
    names = [str(row["name"]) for row in here.answers.rows(PARTITIONS)]
    return Finding(StepState.DONE, ", ".join(names))


def _name_flaw(value: Value) -> str | None:
    if flaw := words_of(check_user_name(str(value))):
        return flaw
    try:
        require_safe_name(str(value))
    except PpinuiError as error:
        return error.message
    return None


def _same_names(value: Value) -> str | None:
    assert isinstance(value, tuple)
    for key, words in (("name", "the name"), ("id", "the id")):
        given = [row[key] for row in value if key in row]
        for one in given:
            if given.count(one) > 1:
                return f"two partitions have {words} {one}"
    return None
