"""The step on the vendor's provider: its library, and ppin, which alone can fetch permanent secrets."""

from __future__ import annotations

from typing import Final

from ppinui.doctor.finding import Finding as Seen
from ppinui.doctor.finding import State as Health
from ppinui.doctor.program_findings import look_at_module, look_at_ppin
from ppinui.setup.walkthrough import Block, Finding, Here, State, Step, point, text, worst

PROVIDER: Final = "provider"
_STATES: Final = {Health.OK: State.DONE, Health.WARNING: State.TO_DO, Health.WRONG: State.PROBLEM}


def provider_step() -> Step:
    """Looks whether both are there and can be used."""
    return Step(PROVIDER, "The vendor's provider", _text, _look)


def as_found(seen: Seen) -> Finding:
    """What the doctor has seen, as part of a step's finding."""
    return Finding(_STATES[seen.state], seen.words, seen.remedy, subject=seen.subject)


def _text(_: Here) -> tuple[Block, ...]:
    return (
        text(
            "The applications use the vendor's PKCS#11 library, libprimusP11.so; its ppin fetches permanent "
            "secrets. Both come with the provider, as .deb, .rpm and .tar.gz from the vendor's download "
            "page, and lie in /usr/local/primus."
        ),
        point("HSMs in FIPS mode need provider 2.0 or newer."),
    )


def _look(here: Here) -> Finding:
    context = here.context
    items = [as_found(seen) for seen in look_at_module(context)]
    items.append(as_found(look_at_ppin(context)))
    state = worst(tuple(items))
    words = {
        State.DONE: "the provider is installed",
        State.TO_DO: "ppin is missing: permanent secrets can only come from a .secrets.cfg made elsewhere",
        State.PROBLEM: "the provider is not installed, or cannot be used",
    }[state]
    return Finding(state, words, items=tuple(items))
