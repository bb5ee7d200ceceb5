"""The HSM on the wire: who gets in, what is counted, and its faults."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from tests.primus_sim.hsm import Hsm
from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.primus_sim.state import DAY, Kind
from tests.primus_sim.wire import CONNECT_TIMEOUT, CONNECTION_FAILED, UNEXPECTED_DATA, Client, HsmError
from tests.rig.patience import patient

SECONDS = patient(5.0)


def connect(hsm: Hsm, seconds: float = SECONDS) -> Client:
    return Client(hsm.host, str(hsm.port), seconds=seconds)


def code_of(work: Callable[[], object]) -> int:
    with pytest.raises(HsmError) as caught:
        work()
    return caught.value.code


def log_in(client: Client, stand: Stand, user: str = "ARCHIVE") -> None:
    client.ask("LOGIN", user=user, client="test", permanent=stand.partitions[user].permanent_secret)


def test_the_firmware_is_told_in_the_greeting(primus_standalone: Stand) -> None:
    with connect(primus_standalone.hsms["hsm0"]) as client:
        assert client.ask("HELLO", program="test", version="1")["firmware"] == "RP-2.8.21-T"
    assert primus_standalone.hsms["hsm0"].greeted_by == ["test 1"]


def test_behind_a_proxy_nothing_is_answered_before_its_password(primus_cluster: Stand) -> None:
    with connect(primus_cluster.hsms["hsm1"]) as client:
        assert code_of(lambda: client.ask("HELLO", program="test", version="1")) == 0x8000000C
        client.ask("PROXY", user=PROXY_USER, password=PROXY_PASSWORD)
        client.ask("HELLO", program="test", version="1")


def test_every_secret_is_recorded_with_its_kind_and_its_hsm(primus_cluster: Stand) -> None:
    partition = primus_cluster.partitions["SIGNING"]
    with connect(primus_cluster.hsms["hsm2"]) as client:
        code_of(lambda: client.ask("PROXY", user=PROXY_USER, password="wrong"))
        client.ask("PROXY", user=PROXY_USER, password=PROXY_PASSWORD)
        code_of(lambda: client.ask("LOGIN", user="SIGNING", permanent="wrong"))
        log_in(client, primus_cluster, "SIGNING")
        assert code_of(lambda: client.ask("PIN", pin="wrong")) == 0x8000000B
        client.ask("PIN", pin=partition.pin)
        client.ask("FETCH", user="SIGNING", setup=partition.setup_password, pin=partition.pin)
    assert [(one.kind, one.right) for one in primus_cluster.attempts] == [
        (Kind.PROXY, False),
        (Kind.PROXY, True),
        (Kind.PERMANENT, False),
        (Kind.PERMANENT, True),
        (Kind.PIN, False),
        (Kind.PIN, True),
        (Kind.SETUP, True),
        (Kind.PIN, True),
    ]
    assert {one.hsm for one in primus_cluster.attempts} == {"OBERALP"}
    assert len(primus_cluster.hsms["hsm2"].attempts) == 8
    assert primus_cluster.hsms["hsm1"].attempts == []


def test_an_unknown_or_disabled_partition_has_no_attempt_recorded(primus_standalone: Stand) -> None:
    primus_standalone.partitions["ARCHIVE"].enabled = False
    with connect(primus_standalone.hsms["hsm0"]) as client:
        assert code_of(lambda: client.ask("LOGIN", user="NOBODY", permanent="x")) == 0x8000000D
        assert code_of(lambda: log_in(client, primus_standalone)) == 0x80000069
    assert primus_standalone.attempts == []


def test_a_partition_can_be_absent_from_one_hsm_of_its_cluster(primus_cluster: Stand) -> None:
    primus_cluster.hsms["hsm2"].absent.add("SIGNING")
    with connect(primus_cluster.hsms["hsm2"]) as client:
        client.ask("PROXY", user=PROXY_USER, password=PROXY_PASSWORD)
        assert code_of(lambda: log_in(client, primus_cluster, "SIGNING")) == 0x8000000D


def test_a_setup_password_is_valid_for_a_time_counted_from_its_first_use(primus_standalone: Stand) -> None:
    partition = primus_standalone.partitions["ARCHIVE"]
    secrets = {"user": "ARCHIVE", "setup": partition.setup_password, "pin": partition.pin}
    with connect(primus_standalone.hsms["hsm0"]) as client:
        primus_standalone.clock.advance(30 * DAY)
        assert client.ask("FETCH", **secrets)["permanent"] == partition.permanent_secret
        primus_standalone.clock.advance(2.9 * DAY)
        client.ask("FETCH", **secrets)
        primus_standalone.clock.advance(0.2 * DAY)
        assert code_of(lambda: client.ask("FETCH", **secrets)) == 0x80000037


def test_wrong_secrets_of_all_kinds_lock_a_partition_for_a_time(primus_standalone: Stand) -> None:
    stand = primus_standalone
    stand.lock_after(3)
    partition = stand.partitions["ARCHIVE"]
    with connect(stand.hsms["hsm0"]) as client:
        code_of(lambda: client.ask("LOGIN", user="ARCHIVE", permanent="wrong"))
        log_in(client, stand)
        code_of(lambda: client.ask("FETCH", user="ARCHIVE", setup="wrong", pin="wrong"))
        assert client.ask("STATUS")["pin_flags"] == "low,final"
        code_of(lambda: client.ask("PIN", pin="wrong"))
        assert client.ask("STATUS")["pin_flags"] == "locked"
        assert code_of(lambda: client.ask("PIN", pin=partition.pin)) == 0xA4
        stand.clock.advance(301)
        client.ask("PIN", pin=partition.pin)
        assert client.ask("STATUS")["pin_flags"] == ""


def test_wrong_secrets_are_forgotten_after_a_time_or_a_right_pin(primus_standalone: Stand) -> None:
    stand = primus_standalone
    stand.lock_after(2, within=300.0)
    with connect(stand.hsms["hsm0"]) as client:
        log_in(client, stand)
        for forget in (lambda: stand.clock.advance(301), lambda: client.ask("PIN", pin=PINS["ARCHIVE"])) * 2:
            code_of(lambda: client.ask("PIN", pin="wrong"))
            assert client.ask("STATUS")["pin_flags"] == "low,final"
            forget()
            assert client.ask("STATUS")["pin_flags"] == ""


@pytest.mark.parametrize("alone", [False, True])
def test_the_hsms_of_a_cluster_count_together_or_alone(primus_cluster: Stand, alone: bool) -> None:
    primus_cluster.lock_after(1, each_hsm_counts_alone=alone)
    for hsm in primus_cluster.hsms.values():
        with connect(hsm) as client:
            client.ask("PROXY", user=PROXY_USER, password=PROXY_PASSWORD)
            log_in(client, primus_cluster, "SIGNING")
            expected = 0x8000000B if alone or hsm.name == "GRIMSEL" else 0xA4
            assert code_of(lambda: client.ask("PIN", pin="wrong")) == expected


def test_a_lock_can_keep_out_the_right_permanent_secret_too(primus_standalone: Stand) -> None:
    primus_standalone.lock_after(1, blocks_connections=True)
    with connect(primus_standalone.hsms["hsm0"]) as client:
        code_of(lambda: client.ask("LOGIN", user="ARCHIVE", permanent="wrong"))
        assert code_of(lambda: log_in(client, primus_standalone)) == 0xA4


def test_a_new_setup_password_ends_the_old_permanent_secret(primus_standalone: Stand) -> None:
    partition = primus_standalone.partitions["ARCHIVE"]
    old = partition.permanent_secret
    partition.give_new_setup_password()
    with connect(primus_standalone.hsms["hsm0"]) as client:
        assert code_of(lambda: client.ask("LOGIN", user="ARCHIVE", permanent=old)) == 0x80005017


def test_connections_to_a_partition_are_limited_and_freed(primus_standalone: Stand) -> None:
    hsm = primus_standalone.hsms["hsm0"]
    primus_standalone.partitions["ARCHIVE"].max_connections = 1
    with connect(hsm) as second:
        with connect(hsm) as first:
            log_in(first, primus_standalone)
            assert code_of(lambda: log_in(second, primus_standalone)) == 0x80000018
        hsm.wait_until(lambda: hsm.connections("ARCHIVE") == 0)
        log_in(second, primus_standalone)


def test_a_refusing_hsm_keeps_its_port_and_its_open_connections(primus_standalone: Stand) -> None:
    hsm = primus_standalone.hsms["hsm0"]
    with connect(hsm) as client:
        hsm.refuse()
        assert code_of(lambda: connect(hsm)) == CONNECTION_FAILED
        log_in(client, primus_standalone)
        hsm.come_back()
        connect(hsm).__exit__(None, None, None)


def test_an_hsm_that_goes_away_resets_its_connections(primus_standalone: Stand) -> None:
    hsm = primus_standalone.hsms["hsm0"]
    with socket.create_connection((hsm.host, hsm.port), SECONDS) as connection:
        hsm.wait_until(lambda: hsm.connections() == 1)
        hsm.go_away()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        hsm.wait_until(lambda: hsm.connections() == 0)


def test_each_fault_takes_effect_on_an_open_connection(primus_standalone: Stand) -> None:
    hsm = primus_standalone.hsms["hsm0"]
    greeting = {"program": "test", "version": "1"}
    with connect(hsm) as client:
        hsm.faults.answers["HELLO"] = 0x8000004E
        assert code_of(lambda: client.ask("HELLO", **greeting)) == 0x8000004E
        hsm.faults.answers.clear()
        hsm.faults.wrong_answers = True
        assert code_of(lambda: client.ask("HELLO", **greeting)) == UNEXPECTED_DATA
        hsm.faults.wrong_answers = False
        client.ask("HELLO", **greeting)
        hsm.faults.reset_at = "HELLO"
        assert code_of(lambda: client.ask("HELLO", **greeting)) in (CONNECTION_FAILED, UNEXPECTED_DATA)
        hsm.faults.reset_at = None
    hsm.faults.silent = True
    with connect(hsm, seconds=0.05) as client:
        assert code_of(lambda: client.ask("HELLO", **greeting)) == CONNECT_TIMEOUT
    hsm.faults.silent = False
    hsm.faults.delay_ms = 200
    with connect(hsm, seconds=0.05) as client:
        assert code_of(lambda: client.ask("HELLO", **greeting)) == CONNECT_TIMEOUT


def test_nonsense_is_answered_and_survived(primus_standalone: Stand) -> None:
    hsm = primus_standalone.hsms["hsm0"]
    with (
        socket.create_connection((hsm.host, hsm.port), SECONDS) as connection,
        connection.makefile("rb") as lines,
    ):
        for line in (b"\xff\xfe\n", b"LOGIN\n", b"LOGIN user\n", b"HELLO a=1 b=2\n", b"ANSWER x=1\n", b"\n"):
            connection.sendall(line)
            assert lines.readline() == b"ERR code=0x80000001\n"
        connection.sendall(b"x" * 20_000 + b"\n")
        assert lines.read() == b""


def test_a_proxy_spreads_connections_over_its_hsms_in_turn(primus_cluster: Stand) -> None:
    endpoint, other = primus_cluster.hsms["hsm1"], primus_cluster.hsms["hsm2"]
    endpoint.behind = [endpoint, other]
    firmwares = []
    for _ in range(4):
        with connect(endpoint) as client:
            client.ask("PROXY", user=PROXY_USER, password=PROXY_PASSWORD)
            firmwares.append(client.ask("HELLO", program="test", version="1")["firmware"])
    assert firmwares == ["RP-2.10.0-T", "RP-2.11.1-T"] * 2


def test_a_partitions_log_tells_who_came_in_the_documented_form(primus_standalone: Stand) -> None:
    with connect(primus_standalone.hsms["hsm0"]) as client:
        log_in(client, primus_standalone)
        count = int(client.ask("LOG", since="")["lines"])
        lines = [client.read().values["text"] for _ in range(count)]
    assert lines[0].endswith("UTC NUFENEN notice MSCNG Process: Login request: User: ARCHIVE Client: test")


def test_a_log_is_fetched_only_where_the_hsm_allows_it(primus_standalone: Stand) -> None:
    primus_standalone.partitions["ARCHIVE"].client_log = False
    with connect(primus_standalone.hsms["hsm0"]) as client:
        log_in(client, primus_standalone)
        assert code_of(lambda: client.ask("LOG", since="")) == 0x80000069
