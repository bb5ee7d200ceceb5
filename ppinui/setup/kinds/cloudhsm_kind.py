"""The vendor's CloudHSM service: clusters of HSMs behind a service proxy."""

from __future__ import annotations

from typing import Final

from ppinui.setup.cloudhsm_services import endpoints_of
from ppinui.setup.steps.cluster_step import CLUSTER, PLATINUM_NUMBER, cluster_step
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
from ppinui.setup.walkthrough import Kind, point, text

KIND: Final = Kind(
    "cloudhsm",
    "CloudHSM",
    "the vendor's CloudHSM service: its clusters, behind a service proxy",
    (
        before_step(
            text("The welcome ticket of the service has all of these. Have it at hand:"),
            point("the name of the cluster, such as ECO01 or ECODE01"),
            point("the service user and its password, for the proxy in front of the HSMs"),
            point("the name of each partition"),
            SETUP_PASSWORD,
            PIN,
            text(
                "What has to be on in the HSMs is the service's business. If the service lets in registered "
                "addresses only, this machine's outgoing address has to be one of them."
            ),
        ),
        provider_step(),
        folders_step(),
        cluster_step(),
        hsms_step(
            lambda here: endpoints_of(here.answers.text(CLUSTER), here.answers.number(PLATINUM_NUMBER))
        ),
        partitions_step(behind_proxy=lambda _: True),
        save_step(),
        keyring_step(),
        proxy_step(),
        permanent_step(),
        test_step(),
        finishing_step(),
    ),
    setup_validity="1 week",
)
