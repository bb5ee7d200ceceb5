"""The vendor's CloudHSM service: clusters of HSMs behind a service proxy."""

from __future__ import annotations

from typing import Final

from ppinui.setup.endpoints import endpoints_of
from ppinui.setup.steps.before import PIN, SETUP_PASSWORD, before_step
from ppinui.setup.steps.cluster import CLUSTER, PLATINUM_NUMBER, cluster_step
from ppinui.setup.steps.finishing import finishing_step
from ppinui.setup.steps.folders import folders_step
from ppinui.setup.steps.hsms import hsms_step
from ppinui.setup.steps.keyring import keyring_step
from ppinui.setup.steps.partitions import partitions_step
from ppinui.setup.steps.permanent import permanent_step
from ppinui.setup.steps.provider import provider_step
from ppinui.setup.steps.proxy import proxy_step
from ppinui.setup.steps.saving import save_step
from ppinui.setup.steps.testing import test_step
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
