"""What the answers of a walkthrough come to, and who it is about."""

from __future__ import annotations

from ppinui.config.primus import PrimusConfig, SecretOwners
from ppinui.config.template import LOG_FILE
from ppinui.setup.cloudhsm_services import DEVELOPER, endpoints_of
from ppinui.setup.config_plan import Wanted, WantedHsm, WantedPartition
from ppinui.setup.steps.cluster_step import CLUSTER, PLATINUM_NUMBER
from ppinui.setup.steps.folders_step import LOG
from ppinui.setup.steps.hsms_step import HSMS
from ppinui.setup.steps.partitions_step import PARTITIONS, SERVICE_USER
from ppinui.setup.walkthrough import Here


def wanted(here: Here) -> Wanted:
    """HSMs and partitions by the answers."""
    hsms = tuple(
        WantedHsm(
            str(row["host"]),
            str(row["port"]),
            int(row["priority"]),
            _words(here, str(row["host"]), number),
        )
        for number, row in enumerate(here.answers.rows(HSMS))
    )
    partitions = tuple(
        WantedPartition(
            str(row["name"]),
            int(row["id"]) if "id" in row else None,
            str(row["client_id"]) if "client_id" in row else None,
        )
        for row in here.answers.rows(PARTITIONS)
    )
    log_file = here.answers.text(LOG) or LOG_FILE
    return Wanted(hsms, partitions, here.answers.text(SERVICE_USER) or None, log_file)


def concerned(here: Here, config: PrimusConfig) -> SecretOwners:
    """The users of a configuration that this walkthrough is about: all of them where it does not ask."""
    return config.credentials([str(row["name"]) for row in here.answers.rows(PARTITIONS)])


def _words(here: Here, host: str, number: int) -> str:
    """What an HSM is, for a comment."""
    cluster = here.answers.text(CLUSTER)
    for endpoint in endpoints_of(cluster, here.answers.number(PLATINUM_NUMBER)):
        if endpoint.host == host:
            return f"{endpoint.role} of CloudHSM {cluster}"
    for name, endpoint in DEVELOPER.items():
        if endpoint.host == host:
            return f"{name} of the developer program"
    return "the first to be tried" if number == 0 else "tried when those before it do not answer"
