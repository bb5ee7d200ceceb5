"""The step on the CloudHSM cluster: which published service it is, and so which endpoints it has."""

from __future__ import annotations

from typing import Final

from ppinui.setup.cloudhsm_services import CLUSTERS, OTHER, PLATINUM, cluster_of, endpoints_of
from ppinui.setup.questions import Choice, Question, Sort
from ppinui.setup.walkthrough import Block, Finding, Here, State, Step, point, text

CLUSTER: Final = "cluster"
PLATINUM_NUMBER: Final = "platinum_number"
"""The questions' ids."""


def cluster_step() -> Step:
    """Asks which cluster; what the file has already is the default."""
    return Step(CLUSTER, "CloudHSM cluster", _text, _look, _questions, required=True)


def _text(_: Here) -> tuple[Block, ...]:
    return (
        text(
            "The welcome ticket of the service names your cluster. Its master and all its clones are then "
            "filled in, as the service publishes them; you can change them in the next step."
        ),
        point(
            "The service may let in registered addresses only: this machine's outgoing address has to be "
            "one of them."
        ),
    )


def _questions(here: Here) -> tuple[Question, ...]:
    found = _found(here)
    cluster = Question(
        CLUSTER,
        "Cluster",
        "The name of the service, such as ECO01 or ECODE01. Choose 'other' for a private endpoint, or for "
        "names of your own that lead to the service.",
        Sort.CHOICE,
        default=found[0] if found else None,
        choices=tuple(Choice(name, words) for name, words in CLUSTERS.items()),
    )
    if here.answers.text(CLUSTER) != PLATINUM:
        return (cluster,)
    number = Question(
        PLATINUM_NUMBER,
        "Number of your Platinum service",
        "The XX of plaXX-api.cloudshsm.com in the welcome ticket.",
        Sort.NUMBER,
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


def _look(here: Here) -> Finding:
    name = here.answers.text(CLUSTER)
    if name == OTHER:
        return Finding(State.DONE, "addresses of your own: the next step asks for them")
    endpoints = endpoints_of(name, here.answers.number(PLATINUM_NUMBER))
    return Finding(State.DONE, f"{name}: {', '.join(endpoint.host for endpoint in endpoints)}")
