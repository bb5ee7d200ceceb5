"""A configuration that somebody else has made: a primus.cfg, and perhaps its .secrets.cfg."""

from __future__ import annotations

from typing import Final

from ppinui.setup.steps.folders_step import folders_step
from ppinui.setup.steps.hsms_step import HSMS
from ppinui.setup.steps.import_step import SOURCE, import_step, source_document, source_step
from ppinui.setup.steps.keyring_step import keyring_step
from ppinui.setup.steps.next_steps import finishing_step
from ppinui.setup.steps.partitions_step import PARTITIONS
from ppinui.setup.steps.permanent_secret_step import permanent_step
from ppinui.setup.steps.prerequisites_step import before_step
from ppinui.setup.steps.probe_step import test_step
from ppinui.setup.steps.provider_step import provider_step
from ppinui.setup.steps.proxy_step import proxy_step
from ppinui.setup.steps.save_step import save_step
from ppinui.setup.walkthrough import Kind, point, text

KIND: Final = Kind(
    "existing",
    "An existing configuration",
    "a colleague's primus.cfg, and .secrets.cfg if you have it",
    (
        before_step(
            text("Have these at hand:"),
            point("a copy of the primus.cfg"),
            point("a copy of the .secrets.cfg, which makes setup passwords unnecessary"),
            point(
                "without that: for each partition a setup password and the PKCS#11 PIN, for each service "
                "user its password"
            ),
        ),
        provider_step(),
        folders_step(asks_log=False),
        source_step(),
        save_step(source_document, back_to=SOURCE),
        keyring_step(),
        import_step(),
        proxy_step(),
        permanent_step(),
        test_step(),
        finishing_step(),
    ),
    setup_validity="3 days (1 week for CloudHSM, 1 year for developer accounts)",
    instead={HSMS: SOURCE, PARTITIONS: SOURCE},
)
