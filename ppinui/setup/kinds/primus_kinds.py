"""The kinds of set-ups with a primus.cfg: CloudHSM, HSMs on premises, developer program, an existing file."""

from __future__ import annotations

from typing import Final

from ppinui.setup.cloudhsm_services import BEHIND_PROXY, DEVELOPER, ServiceEndpoint, endpoints_of
from ppinui.setup.questions import Choice, Question, QuestionType
from ppinui.setup.steps.guidance_steps import FINISHING_STEP, PASSWORDS, SETTINGS, before_step
from ppinui.setup.steps.hsms_step import CLUSTER, CLUSTER_STEP, HSMS, PLATINUM_NUMBER, hsms_step
from ppinui.setup.steps.import_step import IMPORT_STEP, SOURCE, SOURCE_STEP, source_document
from ppinui.setup.steps.keyring_step import KEYRING_STEP
from ppinui.setup.steps.partitions_step import PARTITIONS, partitions_step
from ppinui.setup.steps.probe_step import TEST_STEP
from ppinui.setup.steps.provider_step import PROVIDER_STEP, folders_step
from ppinui.setup.steps.save_step import save_step
from ppinui.setup.steps.secret_steps import PERMANENT_STEP, PROXY_STEP
from ppinui.setup.walkthrough import Finding, Here, SetupKind, Step, StepState

_SECRETS_AND_TEST: Final = (KEYRING_STEP, PROXY_STEP, PERMANENT_STEP, TEST_STEP, FINISHING_STEP)

CLOUDHSM: Final = SetupKind(
    "cloudhsm",
    "CloudHSM",
    "the vendor's CloudHSM service: its clusters, behind a service proxy",
    (
        before_step(
            f"""
            The welcome ticket of the service has all of these. Have it at hand:
            - the name of the cluster, such as ECO01 or ECODE01
            - the service user and its password, for the proxy in front of the HSMs
            - the name of each partition
            {PASSWORDS}

            What has to be on in the HSMs is the service's business. If the service lets in registered
            addresses only, this machine's outgoing address has to be one of them.
            """
        ),
        PROVIDER_STEP,
        folders_step(),
        CLUSTER_STEP,
        hsms_step(
            lambda here: endpoints_of(here.answers.text(CLUSTER), here.answers.number(PLATINUM_NUMBER))
        ),
        partitions_step(behind_proxy=lambda _: True),
        save_step(),
        *_SECRETS_AND_TEST,
    ),
    setup_validity="1 week",
)


ON_PREMISES: Final = SetupKind(
    "on-premises",
    "HSMs on premises",
    "one or several HSMs of your own",
    (
        before_step(
            f"""
            The security officer of the HSMs has all of these. Have them at hand:
            - host and port of each HSM
            - the name of each partition
            {PASSWORDS}

            {SETTINGS}
            """
        ),
        PROVIDER_STEP,
        folders_step(),
        hsms_step(),
        partitions_step(),
        save_step(),
        KEYRING_STEP,
        PERMANENT_STEP,
        TEST_STEP,
        FINISHING_STEP,
    ),
    setup_validity="3 days",
)


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
            QuestionType.CHOICE,
            default=found or "grimsel",
            choices=tuple(
                Choice(
                    name, f"{one.host}, port {one.port}{', behind a proxy' if name in BEHIND_PROXY else ''}"
                )
                for name, one in DEVELOPER.items()
            ),
        ),
    )


def _chosen(here: Here) -> tuple[ServiceEndpoint, ...]:
    chosen = DEVELOPER.get(here.answers.text(DEVELOPER_HSM))
    return () if chosen is None else (chosen,)


_CHOOSING: Final = Step(
    DEVELOPER_HSM,
    "HSM of the developer program",
    "The program has HSMs that the internet reaches, each on a port of its own.",
    lambda here: Finding(StepState.DONE, ", ".join(one.host for one in _chosen(here))),
    _question,
    required=True,
)

DEVELOPER_PROGRAM: Final = SetupKind(
    "developer-program",
    "Developer program",
    "the vendor's developer program: a partition for trying things out",
    (
        before_step(
            f"""
            What you were sent for your developer account has all of these. Have it at hand:
            - the HSM that your partition is on, such as grimsel or nufenen
            - the name of your partition
            {PASSWORDS}
            """
        ),
        PROVIDER_STEP,
        folders_step(),
        _CHOOSING,
        hsms_step(_chosen),
        partitions_step(behind_proxy=lambda here: here.answers.text(DEVELOPER_HSM) in BEHIND_PROXY),
        save_step(),
        *_SECRETS_AND_TEST,
    ),
    setup_validity="1 year",
)


EXISTING: Final = SetupKind(
    "existing",
    "An existing configuration",
    "a colleague's primus.cfg, and .secrets.cfg if you have it",
    (
        before_step(
            """
            Have these at hand:
            - a copy of the primus.cfg
            - a copy of the .secrets.cfg, which makes setup passwords unnecessary
            - without that: for each partition a setup password and the PKCS#11 PIN, for each service user
              its password
            """
        ),
        PROVIDER_STEP,
        folders_step(asks_log=False),
        SOURCE_STEP,
        save_step(source_document, back_to=SOURCE),
        KEYRING_STEP,
        IMPORT_STEP,
        PROXY_STEP,
        PERMANENT_STEP,
        TEST_STEP,
        FINISHING_STEP,
    ),
    setup_validity="3 days (1 week for CloudHSM, 1 year for developer accounts)",
    instead={HSMS: SOURCE, PARTITIONS: SOURCE},
)
