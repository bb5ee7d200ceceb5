"""The steps on secrets, against a Primus: keyring, proxy password, permanent secrets, the test, the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ppinui.errors import ExitCode
from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.secrets.stored_secret import SecretKind
from ppinui.services.context import Context
from ppinui.services.keyring_processes import KeyringProcesses
from ppinui.setup.engine import Walkthrough
from ppinui.setup.kinds.primus_kinds import CLOUDHSM, EXISTING, ON_PREMISES
from ppinui.setup.walkthrough import Finding, SetupKind, StepState
from tests.primus_sim.stand import PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.canary import files_with
from tests.setup.walkthrough_rig import MemoryKeyrings, at, context_of, do, found


def context_at(stand: Stand, root: Path, **changes: Any) -> Context:
    environ = {**stand.environ, "PATH": "", "PPINUI_MODULE": str(stand.module)}
    return context_of(root, environ, **changes)


def go_to(walk: Walkthrough, step: str, **answers: object) -> Finding:
    """What a step of a finished primus.cfg has found."""
    walk.go_to(step)
    if answers:
        assert walk.answer(answers) == {}
    return found(walk.page())


@pytest.fixture
def cluster(primus_cluster: Stand, tmp_path: Path) -> Walkthrough:
    """A walk on the cluster's primus.cfg; nobody has a secret yet."""
    primus_cluster.secrets.unlink()
    return at("save", context_at(primus_cluster, tmp_path))


@pytest.fixture
def standalone(primus_standalone: Stand, tmp_path: Path) -> Walkthrough:
    primus_standalone.secrets.unlink()
    return at("save", context_at(primus_standalone, tmp_path), ON_PREMISES)


def test_a_set_up_file_needs_no_change(cluster: Walkthrough) -> None:
    assert found(cluster.page()).state is StepState.DONE


def test_an_hsm_without_a_proxy_needs_no_proxy_password(standalone: Walkthrough, tmp_path: Path) -> None:
    walk = at("save", standalone.context, EXISTING, config_from=str(standalone.context.location().path))

    assert go_to(walk, "proxy").state is StepState.NOT_NEEDED


def test_a_wrong_proxy_password_is_not_kept_and_can_be_typed_again(
    cluster: Walkthrough, primus_cluster: Stand
) -> None:
    finding = go_to(cluster, "proxy")
    assert (finding.state, finding.message) == (StepState.TO_DO, "passwords: 0 of 1 kept")

    outcome = do(cluster, password="wrong")
    assert outcome is not None
    assert outcome.state is StepState.PROBLEM
    assert "0x80005017" in outcome.message
    assert "type it again" in str(outcome.remedy)
    assert go_to(cluster, "proxy").state is StepState.TO_DO
    assert do(cluster, password=PROXY_PASSWORD) is None
    assert go_to(cluster, "proxy").state is StepState.DONE
    assert [attempt.secret for attempt in primus_cluster.wrong_attempts] == ["wrong"]


def test_permanent_secrets_are_fetched_one_after_another(cluster: Walkthrough, primus_cluster: Stand) -> None:
    go_to(cluster, "proxy")
    do(cluster, password=PROXY_PASSWORD)
    for name, number in (("PAYMENTS", 0), ("SIGNING", 1)):
        finding = go_to(cluster, "permanent", keep_pin=name == "SIGNING")
        assert finding.message == f"permanent secrets: {number} of 2 kept"
        assert finding.action is not None
        assert name in finding.action.words
        assert "1 week" in finding.action.secrets[0].hint
        partition = primus_cluster.partitions[name]
        assert do(cluster, setup=partition.setup_password, pin=partition.pin) is None
    assert go_to(cluster, "permanent").state is StepState.DONE
    store = cluster.context.keyrings.store(None)
    assert not store.has(SecretKind.PIN, "PAYMENTS")
    assert store.has(SecretKind.PIN, "SIGNING")


def test_an_expired_setup_password_says_how_long_one_can_be_used(
    standalone: Walkthrough, primus_standalone: Stand
) -> None:
    partition = primus_standalone.partitions["ARCHIVE"]
    partition.setup_first_used = primus_standalone.clock.now()
    primus_standalone.clock.advance(partition.setup_validity + 1)

    go_to(standalone, "permanent")
    outcome = do(standalone, setup=partition.setup_password, pin=partition.pin)
    assert outcome is not None
    assert "Setup password expired" in outcome.message
    assert outcome.remedy == (
        "ask for a new one, where this one came from. "
        "A setup password can be used for 3 days after its first use, then it expires."
    )
    partition.give_new_setup_password()
    assert do(standalone, setup=partition.setup_password, pin=partition.pin) is None


def test_an_hsm_that_nobody_reaches_leads_back_to_the_hsms(
    standalone: Walkthrough, primus_standalone: Stand
) -> None:
    primus_standalone.hsms["hsm0"].go_away()

    go_to(standalone, "permanent")
    outcome = do(standalone, setup="S", pin="P")
    assert outcome is not None
    assert (outcome.state, outcome.back_to) == (StepState.PROBLEM, "hsms")


def test_a_partition_that_the_hsm_does_not_know_leads_back_to_the_partitions(
    standalone: Walkthrough, primus_standalone: Stand
) -> None:
    primus_standalone.change_slots(user_name="NOBODY")
    walk = at("save", standalone.context, ON_PREMISES)

    go_to(walk, "permanent")
    outcome = do(walk, setup="S", pin="P")
    assert outcome is not None
    assert outcome.back_to == "partitions"


def test_without_ppin_the_permanent_secret_leads_back_to_the_provider(
    standalone: Walkthrough, primus_standalone: Stand
) -> None:
    primus_standalone.ppin.unlink()

    finding = go_to(standalone, "permanent")
    assert (finding.state, finding.back_to, finding.action) == (StepState.PROBLEM, "provider", None)
    assert "ppinui secret import" in str(finding.remedy)


def test_secrets_of_the_applications_own_file_are_good(primus_cluster: Stand, tmp_path: Path) -> None:
    walk = at("save", context_at(primus_cluster, tmp_path))

    for step in ("proxy", "permanent"):
        finding = go_to(walk, step)
        assert finding.state is StepState.DONE
        assert {one.message for one in finding.items} == {"in the applications' .secrets.cfg"}
    go_to(walk, "test")
    outcome = do(walk)
    assert outcome is not None
    assert (outcome.state, outcome.message) == (StepState.DONE, "all 4 slots are fine")


def test_a_lost_hsm_is_one_problem_for_all_of_its_slots(primus_cluster: Stand, tmp_path: Path) -> None:
    walk = at("save", context_at(primus_cluster, tmp_path))
    primus_cluster.hsms["hsm2"].go_away()

    go_to(walk, "test")
    outcome = do(walk)
    assert outcome is not None
    assert (outcome.state, outcome.message, outcome.back_to, outcome.exit_code) == (
        StepState.PROBLEM,
        "2 of 4 slots are not fine",
        "hsms",
        ExitCode.NOT_FINE,
    )
    (reason,) = outcome.items
    assert reason.subject == "hsm2.slot0, hsm2.slot1"
    assert "CONNECTION_REFUSED" in reason.message
    assert reason.remedy
    primus_cluster.hsms["hsm2"].come_back()
    outcome = do(walk)
    assert outcome is not None
    assert outcome.state is StepState.DONE


def test_a_rejected_secret_leads_back_to_where_it_is_replaced(
    standalone: Walkthrough, primus_standalone: Stand
) -> None:
    partition = primus_standalone.partitions["ARCHIVE"]
    go_to(standalone, "permanent")
    do(standalone, setup=partition.setup_password, pin=partition.pin)
    partition.give_new_setup_password()

    go_to(standalone, "test")
    outcome = do(standalone)
    assert outcome is not None
    assert outcome.back_to == "permanent"
    finding = go_to(standalone, "permanent")
    assert finding.state is StepState.TO_DO
    assert "rejected by hsm0" in finding.items[0].message
    assert do(standalone, setup=partition.setup_password, pin=partition.pin) is None
    go_to(standalone, "test")
    outcome = do(standalone)
    assert outcome is not None
    assert outcome.state is StepState.DONE


def test_with_login_pins_are_asked_for_that_are_not_kept(primus_standalone: Stand, tmp_path: Path) -> None:
    walk = at("save", context_at(primus_standalone, tmp_path), ON_PREMISES)

    go_to(walk, "test", test_login=True)
    outcome = do(walk, ARCHIVE="wrong")
    assert outcome is not None
    assert outcome.state is StepState.PROBLEM
    assert "login failed" in outcome.items[0].message
    outcome = do(walk, ARCHIVE=primus_standalone.partitions["ARCHIVE"].pin)
    assert outcome is not None
    assert outcome.state is StepState.DONE


def test_a_vault_is_made_where_there_is_no_keyring(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home/alice"), "DBUS_SESSION_BUS_ADDRESS": ""}
    keyrings = KeyringProcesses(KeyringChoice(), environ=environ)
    walk = at("keyring", context_of(tmp_path, environ, keyrings=keyrings), _only("keyring"))
    try:
        assert walk.answers.text("keyring") == "vault"
        finding = found(walk.page())
        assert finding.state is StepState.TO_DO
        assert "there is no vault yet" in finding.message
        assert do(walk, passphrase="correct horse") is None
        finding = found(walk.page())
        assert finding.state is StepState.DONE
        assert finding.message.startswith("vault ")
        assert files_with("correct horse", tmp_path) == ()
    finally:
        keyrings.close()


def test_a_keyring_that_fails_leads_back_to_the_keyring(cluster: Walkthrough) -> None:
    keyrings = cluster.context.keyrings
    assert isinstance(keyrings, MemoryKeyrings)
    keyrings.keyring.fails = lambda _: True

    finding = go_to(cluster, "proxy")
    assert (finding.state, finding.back_to, finding.exit_code) == (
        StepState.PROBLEM,
        "keyring",
        ExitCode.SECRET,
    )


def test_a_colleagues_files_are_taken_over(primus_cluster: Stand, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for file in (primus_cluster.config, primus_cluster.secrets):
        (copies / file.name).write_bytes(file.read_bytes())
        file.unlink()
    given = {"config_from": str(copies / "primus.cfg"), "secrets_from": str(copies / ".secrets.cfg")}
    walk = at("save", context_at(primus_cluster, tmp_path), EXISTING, **given)

    assert do(walk) is None
    assert primus_cluster.config.read_bytes() == (copies / "primus.cfg").read_bytes()
    finding = go_to(walk, "import")
    assert finding.state is StepState.TO_DO
    assert PROXY_USER in finding.message
    assert do(walk) is None
    assert go_to(walk, "import").state is StepState.DONE
    assert go_to(walk, "proxy").state is StepState.DONE
    assert go_to(walk, "permanent").state is StepState.DONE
    go_to(walk, "test")
    outcome = do(walk)
    assert outcome is not None
    assert outcome.state is StepState.DONE


def test_a_secrets_file_that_is_none_leads_back_to_the_files(primus_cluster: Stand, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("no secrets file")
    given = {"config_from": str(primus_cluster.config), "secrets_from": str(tmp_path / "theirs")}
    walk = at("import", context_at(primus_cluster, tmp_path), EXISTING, **given)

    finding = found(walk.page())
    assert (finding.state, finding.back_to) == (StepState.PROBLEM, "source")


def test_a_file_that_is_no_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "theirs.cfg").write_text("primus: {")
    walk = at("source", context_of(tmp_path), EXISTING, config_from=str(tmp_path / "theirs.cfg"))

    finding = found(walk.page())
    assert finding.state is StepState.PROBLEM
    assert "theirs.cfg" in finding.message
    assert walk.answer({"config_from": str(tmp_path / "none")}) == {
        "config_from": f"there is no file {tmp_path}/none"
    }


def _only(step: str) -> SetupKind:
    return SetupKind("one", "One step", "one step", tuple(one for one in CLOUDHSM.steps if one.id == step))


def test_a_step_before_the_file_is_saved_says_what_comes_first(tmp_path: Path) -> None:
    walk = at("proxy", context_of(tmp_path), _only("proxy"))

    assert "not saved yet" in found(walk.page()).message
