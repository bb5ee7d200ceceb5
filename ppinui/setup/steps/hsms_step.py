"""The steps on HSMs: which published cluster it is, where each HSM listens, in which order they are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ppinui.config.settings import DEFAULT_PORT, Level
from ppinui.config.value_input import check_host, check_port, endpoint
from ppinui.diagnostic import Diagnostic
from ppinui.setup.cloudhsm_services import (
    CLUSTERS,
    OTHER,
    PLATINUM,
    ServiceEndpoint,
    cluster_of,
    endpoints_of,
)
from ppinui.setup.questions import Choice, Question, QuestionType, Row, Value
from ppinui.setup.walkthrough import Finding, Here, Step, StepState
from ppinui.text import plural

CLUSTER: Final = "cluster"
PLATINUM_NUMBER: Final = "platinum_number"
"""The questions' ids."""


_CLUSTER_TEXT: Final = """
    The welcome ticket of the service names your cluster. Its master and all its clones are then filled in,
    as the service publishes them; you can change them in the next step.
    - The service may let in registered addresses only: this machine's outgoing address has to be one of them.
"""


def _cluster_questions(here: Here) -> tuple[Question, ...]:
    found = _found(here)
    cluster = Question(
        CLUSTER,
        "Cluster",
        "The name of the service, such as ECO01 or ECODE01. Choose 'other' for a private endpoint, or for "
        "names of your own that lead to the service.",
        QuestionType.CHOICE,
        default=found[0] if found else None,
        choices=tuple(Choice(name, words) for name, words in CLUSTERS.items()),
    )
    if here.answers.text(CLUSTER) != PLATINUM:
        return (cluster,)
    number = Question(
        PLATINUM_NUMBER,
        "Number of your Platinum service",
        "The XX of plaXX-api.cloudshsm.com in the welcome ticket.",
        QuestionType.NUMBER,
        default=found[1] if found else None,
        minimum=1,
        maximum=9999,
    )
    return cluster, number


def _found(here: Here) -> tuple[str, int | None] | None:
    """The cluster that the file has already; ``other`` for addresses of one's own."""
    config = here.context.config_for_defaults()
    hosts = tuple(hsm.host for hsm in config.hsms if hsm.host) if config else ()
    return (cluster_of(hosts) or (OTHER, None)) if hosts else None


def _cluster_look(here: Here) -> Finding:
    name = here.answers.text(CLUSTER)
    if name == OTHER:
        return Finding(StepState.DONE, "addresses of your own: the next step asks for them")
    endpoints = endpoints_of(name, here.answers.number(PLATINUM_NUMBER))
    return Finding(StepState.DONE, f"{name}: {', '.join(endpoint.host for endpoint in endpoints)}")


CLUSTER_STEP: Final = Step(
    CLUSTER, "CloudHSM cluster", _CLUSTER_TEXT, _cluster_look, _cluster_questions, required=True
)
"""Asks which cluster; what the file has already is the default."""


HSMS: Final = "hsms"
"""The question's id."""
_PRIORITY: Final = Level.HSM.specs["priority"]


def hsms_step(published: Callable[[Here], tuple[ServiceEndpoint, ...]] = lambda _: ()) -> Step:
    """Asks for HSMs. Those that are ``published`` for the answers before are the default, else those that
    the file has already."""
    return Step(HSMS, "HSMs", _TEXT, _look, lambda here: _questions(here, published(here)), required=True)


def question(default: tuple[Row, ...]) -> Question:
    """The question for a list of HSMs."""
    return Question(
        HSMS,
        "HSMs",
        "Each HSM that the application may use, the one that is tried first in front. Redundant HSMs hold "
        "copies of the same partitions; the provider takes the next one when one does not answer.",
        QuestionType.ROWS,
        default=default or None,
        columns=(
            Question(
                "host",
                "Host",
                "The name or IP address of the HSM, or of the service proxy in front of it.",
                check=lambda value: words_of(check_host(str(value))),
            ),
            Question(
                "port",
                "Port",
                "2310 unless the HSM was set up otherwise.",
                default=DEFAULT_PORT,
                check=lambda value: words_of(check_port(str(value))),
            ),
            Question(
                "priority",
                "Priority",
                "0 to 127: the smallest is tried first, equal ones take turns.",
                QuestionType.NUMBER,
                default=_PRIORITY.minimum,
                maximum=_PRIORITY.maximum or 127,
            ),
        ),
        row="HSM",
        check=_same_address,
    )


_TEXT: Final = (
    "An application sees the HSMs of a cluster as one. Name all of them, so that it goes on when one is away."
)


def _questions(here: Here, published: tuple[ServiceEndpoint, ...]) -> tuple[Question, ...]:
    config = here.context.config_for_defaults()
    there: list[tuple[str, Row]] = [
        (hsm.host.lower(), {"host": hsm.host, "port": hsm.port or DEFAULT_PORT, "priority": hsm.priority})
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
    return Finding(StepState.DONE, plural(len(rows), "HSM"))


def words_of(flaw: Diagnostic | None) -> str | None:
    """What is wrong with an answer, and what would do."""
    return None if flaw is None else f"{flaw.message}; {flaw.remedy}"


def _same_address(value: Value) -> str | None:
    assert isinstance(value, tuple)
    seen = set()
    for row in value:
        address = endpoint(str(row["host"]), str(row["port"]))
        if address in seen:
            return f"two HSMs have the address {address[0]}:{address[1]}"
        seen.add(address)
    return None
