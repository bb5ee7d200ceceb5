"""A configuration that somebody else has made: a primus.cfg, and perhaps its .secrets.cfg."""

from __future__ import annotations

from typing import Final

from ppinui.setup.steps.before import before_step
from ppinui.setup.steps.finishing import finishing_step
from ppinui.setup.steps.folders import folders_step
from ppinui.setup.steps.hsms import HSMS
from ppinui.setup.steps.importing import SOURCE, import_step, source_document, source_step
from ppinui.setup.steps.keyring import keyring_step
from ppinui.setup.steps.partitions import PARTITIONS
from ppinui.setup.steps.permanent import permanent_step
from ppinui.setup.steps.provider import provider_step
from ppinui.setup.steps.proxy import proxy_step
from ppinui.setup.steps.saving import save_step
from ppinui.setup.steps.testing import test_step
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
