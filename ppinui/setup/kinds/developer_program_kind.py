"""The vendor's developer program: a partition on an HSM for trying things out."""

from __future__ import annotations

from typing import Final

from ppinui.setup.cloudhsm_services import BEHIND_PROXY, DEVELOPER, Endpoint
from ppinui.setup.questions import Choice, Question, Sort
from ppinui.setup.steps.folders_step import folders_step
from ppinui.setup.steps.hsms_step import hsms_step
from ppinui.setup.steps.keyring_step import keyring_step
from ppinui.setup.steps.next_steps import finishing_step
from ppinui.setup.steps.partitions_step import partitions_step
from ppinui.setup.steps.permanent_secret_step import permanent_step
from ppinui.setup.steps.prerequisites_step import PIN, SETUP_PASSWORD, before_step
from ppinui.setup.steps.probe_step import test_step
from ppinui.setup.steps.provider_step import provider_step
from ppinui.setup.steps.proxy_step import proxy_step
from ppinui.setup.steps.save_step import save_step
from ppinui.setup.walkthrough import Finding, Here, Kind, State, Step, point, text

DEVELOPER_HSM: Final = "developer_hsm"
"""The question's id."""


def _question(here: Here) -> tuple[Question, ...]:
    config = here.context.config_for_defaults()
    hosts = {hsm.host for hsm in config.hsms} if config else set()
    found = next((name for name, one in DEVELOPER.items() if one.host in hosts), None)
    return (
        Question(
            DEVELOPER_HSM,
            "HSM",
            "What you were sent for your account names it.",
            Sort.CHOICE,
            default=found or "grimsel",
            choices=tuple(
                Choice(
                    name, f"{one.host}, port {one.port}{', behind a proxy' if name in BEHIND_PROXY else ''}"
                )
                for name, one in DEVELOPER.items()
            ),
        ),
    )


def _chosen(here: Here) -> tuple[Endpoint, ...]:
    chosen = DEVELOPER.get(here.answers.text(DEVELOPER_HSM))
    return () if chosen is None else (chosen,)


_CHOOSING: Final = Step(
    DEVELOPER_HSM,
    "HSM of the developer program",
    lambda _: (text("The program has HSMs that the internet reaches, each on a port of its own."),),
    lambda here: Finding(State.DONE, ", ".join(one.host for one in _chosen(here))),
    _question,
    required=True,
)

KIND: Final = Kind(
    "developer-program",
    "Developer program",
    "the vendor's developer program: a partition for trying things out",
    (
        before_step(
            text("What you were sent for your developer account has all of these. Have it at hand:"),
            point("the HSM that your partition is on, such as grimsel or nufenen"),
            point("the name of your partition"),
            SETUP_PASSWORD,
            PIN,
        ),
        provider_step(),
        folders_step(),
        _CHOOSING,
        hsms_step(_chosen),
        partitions_step(behind_proxy=lambda here: here.answers.text(DEVELOPER_HSM) in BEHIND_PROXY),
        save_step(),
        keyring_step(),
        proxy_step(),
        permanent_step(),
        test_step(),
        finishing_step(),
    ),
    setup_validity="1 year",
)
