"""Worker processes: tied to their parent, quiet, and closed to other readers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ppinui.provider.isolation import Channel, Worker, Workshop
from tests.rig.processes import MarkedProcesses, wait_for_end

PARENT = """
import os, sys
from ppinui.provider.isolation import Workshop
if __name__ == "__main__":
    worker = Workshop([]).start("tests.provider.test_isolation:hang", dict(os.environ))
    message, _ = worker.channel.receive()
    print(message["pid"], flush=True)
    sys.stdin.read()
"""


def hang(channel: Channel) -> None:
    """As a library does that never comes back and lets no signal in."""
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    channel.send({"kind": "ready", "pid": os.getpid()})
    while True:
        signal.sigwaitinfo({signal.SIGUSR2})


def look_at_itself(channel: Channel) -> None:
    print("this is for nobody")
    os.write(2, b"nor this")
    channel.send({"environ": dict(os.environ), "core": _core_limit(), "pid": os.getpid()})
    channel.receive()


def echo(channel: Channel) -> None:
    while True:
        message, attachments = channel.receive()
        channel.send(message | {"sizes": [len(attachment) for attachment in attachments]})


def crash(channel: Channel) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(channel: Channel) -> None:
    os._exit(7)


def _core_limit() -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE)[0]


@pytest.fixture
def start(marked: MarkedProcesses) -> Callable[[str], Worker]:
    workshop = Workshop([])

    def go(work: str) -> Worker:
        return workshop.start(f"tests.provider.test_isolation:{work}", dict(os.environ) | marked.environ)

    return go


def test_a_worker_prints_nowhere_has_just_its_environment_and_leaves_no_core(
    marked: MarkedProcesses, capfd: pytest.CaptureFixture[str]
) -> None:
    environ = {"PATH": os.environ["PATH"]} | marked.environ
    worker = Workshop([]).start("tests.provider.test_isolation:look_at_itself", environ)
    message, _ = worker.channel.receive()
    assert message["environ"] == environ
    assert message["core"] == 0
    assert os.stat(f"/proc/{message['pid']}/mem").st_uid == 0, "a process that is not dumpable is root's"
    worker.end()
    assert capfd.readouterr() == ("", "")


def test_messages_and_bytes_travel_both_ways(start: Callable[[str], Worker]) -> None:
    worker = start("echo")
    worker.channel.send({"kind": "x"}, b"abc", b"\x00" * 300_000)
    message, _ = worker.channel.receive()
    assert message["sizes"] == [3, 300_000]
    worker.end()


@pytest.mark.parametrize(
    ("work", "words"), [("crash", "crashed (SIGSEGV)"), ("leave", "ended the process by itself (code 7)")]
)
def test_a_dead_worker_says_how_it_died(work: str, words: str, start: Callable[[str], Worker]) -> None:
    worker = start(work)
    with pytest.raises((EOFError, ConnectionResetError)):
        worker.channel.receive()
    assert worker.epitaph() == words
    worker.try_send({"kind": "too late"})
    worker.end()


def test_a_worker_that_blocks_every_signal_can_be_ended(start: Callable[[str], Worker]) -> None:
    worker = start("hang")
    worker.channel.receive()
    worker.end()
    assert not worker.process.is_alive()


def test_workers_die_with_a_parent_that_is_killed(marked: MarkedProcesses, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        env=dict(os.environ) | marked.environ | {"PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    # by its number: what an ordinary user's worker holds is hidden from that user too, its mark included
    assert wait_for_end(worker, seconds=5.0)
    marked.assert_none_left()
