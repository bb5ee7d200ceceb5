"""HSMs of one's own: one, or several that hold copies of the same partitions."""

from __future__ import annotations

from typing import Final

from ppinui.setup.steps.folders_step import folders_step
from ppinui.setup.steps.hsms_step import hsms_step
from ppinui.setup.steps.keyring_step import keyring_step
from ppinui.setup.steps.next_steps import finishing_step
from ppinui.setup.steps.partitions_step import partitions_step
from ppinui.setup.steps.permanent_secret_step import permanent_step
from ppinui.setup.steps.prerequisites_step import PIN, SETTINGS, SETUP_PASSWORD, before_step
from ppinui.setup.steps.probe_step import test_step
from ppinui.setup.steps.provider_step import provider_step
from ppinui.setup.steps.save_step import save_step
from ppinui.setup.walkthrough import Kind, point, text

KIND: Final = Kind(
    "on-premises",
    "HSMs on premises",
    "one or several HSMs of your own",
    (
        before_step(
            text("The security officer of the HSMs has all of these. Have them at hand:"),
            point("host and port of each HSM"),
            point("the name of each partition"),
            SETUP_PASSWORD,
            PIN,
            *SETTINGS,
        ),
        provider_step(),
        folders_step(),
        hsms_step(),
        partitions_step(),
        save_step(),
        keyring_step(),
        permanent_step(),
        test_step(),
        finishing_step(),
    ),
    setup_validity="3 days",
)
