"""Having the vendor's ppin check and fetch secrets, and saying what to do when it fails."""

from __future__ import annotations

from dataclasses import replace

from ppinui.errors import PpinuiError
from ppinui.provider.ppin import Ppin
from ppinui.provider.ppin_binary import PpinNotFound, find_ppin
from ppinui.provider.vendor_codes import describe
from ppinui.secrets.fetcher import FetchFailed
from ppinui.setup.steps.provider_step import PROVIDER
from ppinui.setup.walkthrough import Finding, Here, of_error


def find_fetcher(here: Here) -> Ppin | None:
    """The vendor's ppin; None if it is not installed. Raises PpinRefused for one that is not trusted."""
    try:
        return Ppin(find_ppin(here.context.ppin, environ=here.context.environ), environ=here.context.environ)
    except PpinNotFound:
        if here.context.ppin:
            raise
        return None


def validity(here: Here) -> str:
    """How long a setup password can be used."""
    return (
        f"A setup password can be used for {here.kind.setup_validity} after its first use, then it expires."
    )


def explained(here: Here, error: PpinuiError) -> Finding:
    """A failure to add or fetch a secret, with the step in which it can be mended."""
    if isinstance(error, PpinNotFound):
        return of_error(error, back_to=PROVIDER)
    if not isinstance(error, FetchFailed):
        return of_error(error)
    entry = None if error.code is None else describe(error.code)
    finding = replace(of_error(error, back_to=entry.fix_in if entry else None), words=error.message)
    if entry is not None and entry.expires_setup_password:
        return replace(finding, remedy=f"ask for a new one, where this one came from. {validity(here)}")
    if error.rejected:
        return replace(
            finding, remedy="compare it with what you were given, and type it again; each wrong one counts"
        )
    return finding
