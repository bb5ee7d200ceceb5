"""The step on HSMs: where each one listens, and in which order they are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ppinui.config.settings import DEFAULT_PORT, Level
from ppinui.config.validators import check_host, check_port, endpoint
from ppinui.setup.cloudhsm_services import Endpoint
from ppinui.setup.questions import Question, Row, Sort, Value
from ppinui.setup.walkthrough import Block, Finding, Here, State, Step, text
from ppinui.text import plural

HSMS: Final = "hsms"
"""The question's id."""
_PRIORITY: Final = Level.HSM.specs["priority"]


def hsms_step(published: Callable[[Here], tuple[Endpoint, ...]] = lambda _: ()) -> Step:
    """Asks for HSMs. Those that are ``published`` for the answers before are the default, else those that
    the file has already."""
    return Step(HSMS, "HSMs", _text, _look, lambda here: _questions(here, published(here)), required=True)


def question(default: tuple[Row, ...]) -> Question:
    """The question for a list of HSMs."""
    return Question(
        HSMS,
        "HSMs",
        "Each HSM that the application may use, the one that is tried first in front. Redundant HSMs hold "
        "copies of the same partitions; the provider takes the next one when one does not answer.",
        Sort.ROWS,
        default=default or None,
        columns=(
            Question(
                "host",
                "Host",
                "The name or IP address of the HSM, or of the service proxy in front of it.",
                check=_host_flaw,
            ),
            Question(
                "port",
                "Port",
                "2310 unless the HSM was set up otherwise.",
                default=DEFAULT_PORT,
                check=_port_flaw,
            ),
            Question(
                "priority",
                "Priority",
                "0 to 127: the smallest is tried first, equal ones take turns.",
                Sort.NUMBER,
                default=_PRIORITY.minimum,
                maximum=_PRIORITY.maximum or 127,
            ),
        ),
        row="HSM",
        check=_same_address,
    )


def _text(_: Here) -> tuple[Block, ...]:
    return (
        text(
            "An application sees the HSMs of a cluster as one. Name all of them, so that it goes on when "
            "one is away."
        ),
    )


def _questions(here: Here, published: tuple[Endpoint, ...]) -> tuple[Question, ...]:
    config = here.context.config_for_defaults()
    there: list[tuple[str, Row]] = [
        (
            hsm.host.lower(),
            {"host": hsm.host, "port": hsm.port or DEFAULT_PORT, "priority": hsm.priority},
        )
        for hsm in (config.hsms if config else ())
        if hsm.host is not None
    ]
    if not published:  # several may be on one host, each on a port of its own
        return (question(tuple(row for _, row in there)),)
    by_host = dict(reversed(there))
    return (
        question(
            tuple(
                by_host.get(one.host, {"host": one.host, "port": one.port, "priority": number})
                for number, one in enumerate(published)
            )
        ),
    )


def _look(here: Here) -> Finding:
    rows = here.answers.rows(HSMS)
    return Finding(State.DONE, plural(len(rows), "HSM"))


def _host_flaw(value: Value) -> str | None:
    flaw = check_host(str(value))
    return None if flaw is None else f"{flaw.message}. {flaw.remedy}"


def _port_flaw(value: Value) -> str | None:
    flaw = check_port(str(value))
    return None if flaw is None else f"{flaw.message}. {flaw.remedy}"


def _same_address(value: Value) -> str | None:
    assert isinstance(value, tuple)
    seen = set()
    for row in value:
        address = endpoint(str(row["host"]), str(row["port"]))
        if address in seen:
            return f"two HSMs have the address {address[0]}:{address[1]}"
        seen.add(address)
    return None
