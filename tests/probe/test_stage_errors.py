"""What is said of a refused connection: whose secret it was, and the command that helps."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from ppinui.pkcs11 import return_codes
from ppinui.probe.credentials import SecretSource
from ppinui.probe.secret_guard import Credential
from ppinui.probe.stage_errors import OfferedSecrets
from ppinui.provider.vendor_codes import LOGIN_REFUSED, NOT_LOGGED_IN, describe
from ppinui.secrets.stored_secret import SecretKind

SLOT = "primus.hsms.hsm0.slots.slot0"
PROXY, PERMANENT = Credential(SecretKind.PROXY, "S"), Credential(SecretKind.PERMANENT, "MY PART")
BOTH = (PROXY, PERMANENT)


def offered(*credentials: Credential, proxy: SecretSource, permanent: SecretSource) -> OfferedSecrets:
    sources: Mapping[SecretKind, SecretSource] = {SecretKind.PROXY: proxy, SecretKind.PERMANENT: permanent}
    return OfferedSecrets(SLOT, credentials, sources)


def test_where_both_may_be_wrong_the_proxy_s_is_the_first_to_look_at() -> None:
    entry = offered(*BOTH, proxy=SecretSource.KEYRING, permanent=SecretSource.KEYRING).describe(LOGIN_REFUSED)
    assert entry.code == LOGIN_REFUSED
    assert entry.name == "Proxy password or permanent secret refused"
    assert "the proxy password of 'S' or the permanent secret of 'MY PART'" in entry.meaning
    assert entry.remedy == (
        "replace the proxy password: ppinui -p -e S; "
        "if it was the right one, the permanent secret: ppinui -u -e 'MY PART'"
    )


def test_a_proxy_that_let_others_pass_is_out_of_suspicion() -> None:
    entry = offered(PERMANENT, proxy=SecretSource.KEYRING, permanent=SecretSource.KEYRING).describe(
        LOGIN_REFUSED
    )
    assert entry.name == "Permanent secret refused"
    assert entry.remedy == "replace the permanent secret: ppinui -u -e 'MY PART'"


def test_what_was_not_there_cannot_have_been_refused() -> None:
    entry = offered(*BOTH, proxy=SecretSource.KEYRING, permanent=SecretSource.MISSING).describe(LOGIN_REFUSED)
    assert entry.name == "Proxy password refused"
    assert entry.remedy == "replace the proxy password: ppinui -p -e S"


@pytest.mark.parametrize(
    ("source", "command"),
    [
        (SecretSource.FILE, "ppinui -p -e S (and in .secrets.cfg, where it came from: ppin -p -e S)"),
        (SecretSource.CONFIGURATION, f"ppinui config set {SLOT}.proxy_password"),
    ],
)
def test_a_secret_is_replaced_where_it_came_from(source: SecretSource, command: str) -> None:
    entry = offered(PROXY, proxy=source, permanent=SecretSource.KEYRING).describe(LOGIN_REFUSED)
    assert entry.remedy == f"replace the proxy password: {command}"


def test_a_setup_password_in_primus_cfg_is_the_one_that_the_vendor_speaks_of() -> None:
    alone = offered(PERMANENT, proxy=SecretSource.KEYRING, permanent=SecretSource.CONFIGURATION)
    assert alone.describe(LOGIN_REFUSED) == describe(LOGIN_REFUSED)
    both = offered(*BOTH, proxy=SecretSource.KEYRING, permanent=SecretSource.CONFIGURATION).describe(
        LOGIN_REFUSED
    )
    assert both.remedy.endswith("the setup password: ppinui config set primus.hsms.hsm0.pin")


@pytest.mark.parametrize(
    ("proxy", "meaning", "remedy"),
    [
        (
            SecretSource.KEYRING,
            "There is no permanent secret of 'MY PART'",
            "store the permanent secret: ppinui -a -e 'MY PART'",
        ),
        (
            SecretSource.MISSING,
            "There is no proxy password of 'S' and no permanent secret of 'MY PART'",
            "store the proxy password: ppinui -p -e S, "
            "then store the permanent secret: ppinui -a -e 'MY PART'",
        ),
    ],
)
def test_who_has_no_secret_learns_the_command_for_it(proxy: SecretSource, meaning: str, remedy: str) -> None:
    entry = offered(*BOTH, proxy=proxy, permanent=SecretSource.MISSING).describe(NOT_LOGGED_IN)
    assert (entry.meaning, entry.remedy) == (meaning, remedy)


@pytest.mark.parametrize("code", [NOT_LOGGED_IN, 0x80005015, 0xE0])
def test_other_codes_mean_what_they_always_do(code: int) -> None:
    known = offered(*BOTH, proxy=SecretSource.KEYRING, permanent=SecretSource.KEYRING)
    assert known.describe(code) == describe(code)


@pytest.mark.parametrize("code", [NOT_LOGGED_IN, LOGIN_REFUSED, 0x80005015, 0xE0])
def test_the_codes_of_another_maker_s_module_are_not_read_as_the_vendor_s(code: int) -> None:
    entry = offered(*BOTH, proxy=SecretSource.MISSING, permanent=SecretSource.KEYRING).describe(
        code, is_primus=False
    )
    assert entry == return_codes.describe(code)
    assert not re.search(r"ppin\b|Primus|hsm_sec", entry.meaning + entry.remedy)
