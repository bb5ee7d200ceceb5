"""SecretOperations on secrets: wholly or not at all, and no secret is offered where it cannot be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.secrets.fetcher import FetchFailed
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secret import Secret
from ppinui.secrets.secret_operations import PreparedAnswers, SecretOperations
from ppinui.secrets.store import SecretRejectedError, SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from tests.secrets.fetcher_rig import KNOWN, CountingFetcher
from tests.secrets.memory_keyring import MemoryKeyring

WRONG = FetchFailed("wrong setup password", "ppin", "ask for another", code=0x80005017, rejected=True)


class Rig:
    def __init__(self) -> None:
        self.keyring = MemoryKeyring()
        self.store = SecretStore(self.keyring)
        self.fetcher = CountingFetcher()
        self.traces: list[tuple[str, Path]] = []
        self.operations = SecretOperations(
            self.store, KNOWN, trace=lambda action, place: self.traces.append((action, place))
        )

    def group(self, name: str, kind: SecretKind = SecretKind.PERMANENT) -> str | None:
        found = self.store.get(kind, name)
        if found is None or found.entry is None:
            return None
        return found.entry.group.reveal_bytes().decode()


@pytest.fixture
def rig() -> Rig:
    return Rig()


class Nobody:
    """Must not be asked."""

    def ask(self, prompt: str) -> Secret:
        raise AssertionError(f"asked: {prompt}")


class Person:
    """Answers each question with its number."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    def ask(self, prompt: str) -> Secret:
        self.questions.append(prompt)
        return Secret(f"answer {len(self.questions)}")


def test_proxy_password_then_permanent_secret(rig: Rig) -> None:
    person = Person()
    assert rig.operations.add_proxy("SERVICE", person, rig.fetcher)
    rig.operations.add("PART-1", person, rig.fetcher)
    assert person.questions == [
        "Provide proxy password for 'SERVICE' : ",
        "Provide setup password for 'PART-1': ",
        "Provide PKCS11 password for 'PART-1': ",
    ]
    assert rig.fetcher.offered == [("SERVICE", "answer 1"), ("PART-1", "answer 2", "answer 3")]
    assert rig.group("PART-1") == 'user1 = { name = "PART-1"; secret = "2"; };'
    assert rig.group("SERVICE", SecretKind.PROXY) == 'user0 = { name = "SERVICE"; secret = "1"; };'
    proxy = rig.store.get(SecretKind.PROXY, "SERVICE")
    assert proxy is not None
    assert proxy.password == Secret("answer 1")
    assert proxy.validated


def test_the_hsm_of_the_highest_priority_is_asked_first(rig: Rig) -> None:
    rig.operations.add_proxy("SERVICE", Person(), rig.fetcher)
    assert rig.fetcher.asked == ["hsm0.slot0", "hsm1.slot0"]


def test_a_partition_without_a_proxy_needs_none(rig: Rig) -> None:
    rig.operations.add("ALONE", Person(), rig.fetcher)
    assert rig.group("ALONE") is not None
    assert rig.fetcher.asked == ["hsm2.slot0"]


def test_without_the_proxys_password_nobody_is_asked_anything(rig: Rig) -> None:
    with pytest.raises(SecretUnavailable, match="is needed first") as caught:
        rig.operations.add("PART-1", Nobody(), rig.fetcher)
    assert caught.value.remedy == "store it: ppinui -p -e SERVICE"
    assert rig.fetcher.offered == []


def test_a_password_that_was_not_validated_is_given_to_ppin_first(rig: Rig) -> None:
    assert not rig.operations.add_proxy("SERVICE", PreparedAnswers(Secret("pw")), None)
    proxy = rig.store.get(SecretKind.PROXY, "SERVICE")
    assert proxy is not None
    assert not proxy.validated
    rig.operations.add("PART-1", Person(), rig.fetcher)
    assert rig.fetcher.offered == [("SERVICE", "pw"), ("PART-1", "answer 1", "answer 2")]
    proxy = rig.store.get(SecretKind.PROXY, "SERVICE")
    assert proxy is not None
    assert proxy.validated


def test_a_stored_proxy_password_that_is_wrong_is_offered_once(rig: Rig) -> None:
    rig.operations.add_proxy("SERVICE", PreparedAnswers(Secret("wrong")), None)
    rig.fetcher.fails = WRONG
    with pytest.raises(FetchFailed):
        rig.operations.add("PART-1", Person(), rig.fetcher)
    with pytest.raises(SecretRejectedError, match="wrong setup password"):
        rig.operations.add("PART-1", Nobody(), rig.fetcher)
    assert rig.fetcher.offered == [("SERVICE", "wrong")]


def test_a_proxy_password_that_is_not_accepted_is_not_stored(rig: Rig) -> None:
    rig.operations.add_proxy("SERVICE", PreparedAnswers(Secret("right")), rig.fetcher)
    rig.fetcher.fails = WRONG
    with pytest.raises(FetchFailed):
        rig.operations.add_proxy("SERVICE", PreparedAnswers(Secret("wrong")), rig.fetcher)
    proxy = rig.store.offer(SecretKind.PROXY, "SERVICE")
    assert proxy is not None
    assert proxy.password == Secret("right")


@pytest.mark.parametrize("shape", ["users", "proxies", "service_users", ""])
def test_however_ppin_writes_proxies_the_partitions_file_has_them(rig: Rig, shape: str) -> None:
    rig.fetcher.proxies_shape = shape
    rig.operations.add_proxy("SERVICE", Person(), rig.fetcher)
    rig.operations.add("PART-1", Person(), rig.fetcher)
    partition = rig.store.get(SecretKind.PERMANENT, "PART-1")
    assert partition is not None
    assert partition.entry is not None
    assert b'name = "PART-1"' in partition.entry.group.reveal_bytes()


def test_adding_twice_is_refused_and_asks_nothing(rig: Rig) -> None:
    rig.operations.add("ALONE", Person(), rig.fetcher)
    with pytest.raises(PpinuiError, match="already exists") as caught:
        rig.operations.add("ALONE", Nobody(), rig.fetcher)
    assert caught.value.remedy == "replace it: ppinui -u -e ALONE"


def test_an_update_replaces_the_secret(rig: Rig) -> None:
    rig.operations.add("ALONE", Person(), rig.fetcher)
    rig.operations.update("ALONE", Person(), rig.fetcher)
    assert rig.group("ALONE") == 'user0 = { name = "ALONE"; secret = "2"; };'


def test_a_failed_update_keeps_the_old_secret(rig: Rig) -> None:
    rig.operations.add("ALONE", Person(), rig.fetcher)
    rig.fetcher.fails = WRONG
    with pytest.raises(FetchFailed):
        rig.operations.update("ALONE", Person(), rig.fetcher)
    assert rig.group("ALONE") == 'user0 = { name = "ALONE"; secret = "1"; };'


@pytest.mark.parametrize("failing", range(1, 12))
def test_a_keyring_that_fails_at_any_moment_keeps_the_old_secret_or_has_the_new(
    rig: Rig, failing: int
) -> None:
    rig.operations.add("ALONE", Person(), rig.fetcher)
    start = rig.keyring.calls
    rig.keyring.fails = lambda number: number == start + failing
    failed = False
    try:
        rig.operations.update("ALONE", Person(), rig.fetcher)
    except KeyringError:
        failed = True
    rig.keyring.fails = {}.__contains__
    number = 1 if failed else 2
    assert rig.group("ALONE") == f'user0 = {{ name = "ALONE"; secret = "{number}"; }};'


def test_a_keyring_that_cannot_be_written_is_found_out_before_anybody_is_asked(rig: Rig) -> None:
    rig.operations.add_proxy("SERVICE", Person(), rig.fetcher)
    start, offered = rig.keyring.calls, len(rig.fetcher.offered)
    rig.keyring.fails = lambda number: number > start + 3
    for operation in (rig.operations.add, rig.operations.update):
        with pytest.raises(KeyringError):
            operation("PART-1", Nobody(), rig.fetcher)
    with pytest.raises(KeyringError):
        rig.operations.add_proxy("SERVICE", Nobody(), rig.fetcher)
    assert len(rig.fetcher.offered) == offered


@pytest.mark.parametrize("name", ["-a", "", "a\x1bb", "PART-3"])
def test_a_name_that_primus_cfg_does_not_have_goes_nowhere(rig: Rig, name: str) -> None:
    for operation in (
        lambda: rig.operations.add(name, Nobody(), rig.fetcher),
        lambda: rig.operations.update(name, Nobody(), rig.fetcher),
        lambda: rig.operations.add_proxy(name, Nobody(), rig.fetcher),
        lambda: rig.operations.set_pin(name, Nobody()),
        lambda: rig.operations.remove(SecretKind.PIN, name),
    ):
        with pytest.raises(PpinuiError):
            operation()
    assert rig.keyring.kept == {}


def test_an_unknown_name_says_what_it_may_have_been(rig: Rig) -> None:
    with pytest.raises(PpinuiError) as caught:
        rig.operations.add("PART-11", Nobody(), rig.fetcher)
    assert caught.value.remedy == "did you mean PART-1, PART-2?"
    assert "User not found in Primus configuration file" in caught.value.message


def test_a_pin_is_stored_and_removed(rig: Rig) -> None:
    rig.operations.set_pin("PART-1", Person())
    found = rig.store.offer(SecretKind.PIN, "PART-1")
    assert found is not None
    assert found.password == Secret("answer 1")
    rig.operations.remove(SecretKind.PIN, "PART-1")
    with pytest.raises(SecretUnavailable, match="there is no PIN of 'PART-1'"):
        rig.operations.remove(SecretKind.PIN, "PART-1")


def test_a_secret_of_a_partition_that_is_no_more_in_primus_cfg_can_be_removed(rig: Rig) -> None:
    rig.store.put(StoredSecret(SecretKind.PIN, "GONE", password=Secret("1")))
    rig.operations.remove(SecretKind.PIN, "GONE")
    assert rig.keyring.kept == {}


@pytest.mark.parametrize("operation", ["add_proxy", "set_pin"])
def test_an_empty_answer_is_no_secret(rig: Rig, operation: str) -> None:
    empty = PreparedAnswers(Secret(""))
    store = {
        "add_proxy": lambda: rig.operations.add_proxy("SERVICE", empty, rig.fetcher),
        "set_pin": lambda: rig.operations.set_pin("PART-1", empty),
    }[operation]
    with pytest.raises(SecretUnavailable, match="is empty"):
        store()


def test_each_change_leaves_a_trace_without_secrets(rig: Rig) -> None:
    rig.operations.add_proxy("SERVICE", Person(), rig.fetcher)
    rig.operations.add("PART-1", Person(), rig.fetcher)
    rig.operations.remove(SecretKind.PROXY, "SERVICE")
    assert rig.traces == [
        ("store proxy secret", Path("memory: ppinui, proxy:SERVICE")),
        ("store permanent secret", Path("memory: ppinui, permanent:PART-1")),
        ("remove proxy secret", Path("memory: ppinui, proxy:SERVICE")),
    ]
