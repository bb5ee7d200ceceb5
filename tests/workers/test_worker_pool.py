"""Worker processes: tied to their parent, quiet, and closed to other readers."""

from __future__ import annotations

import atexit
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ppinui.workers.channel import Channel
from ppinui.workers.worker_pool import Worker, WorkerPool
from tests.rig.patience import patient
from tests.rig.processes import MarkedProcesses, wait_for_end

PARENT = """
import os, sys
from ppinui.workers.worker_pool import WorkerPool
if __name__ == "__main__":
    worker = WorkerPool([]).start("tests.workers.test_worker_pool:hang", dict(os.environ))
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


def go_on_talking(channel: Channel) -> None:
    while True:
        channel.send({"kind": "word"})


def leave(channel: Channel) -> None:
    os._exit(7)


def _core_limit() -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE)[0]


@pytest.fixture
def start(marked: MarkedProcesses) -> Callable[[str], Worker]:
    pool = WorkerPool([])

    def go(work: str) -> Worker:
        return pool.start(f"tests.workers.test_worker_pool:{work}", dict(os.environ) | marked.environ)

    return go


def test_a_worker_prints_nowhere_has_just_its_environment_and_leaves_no_core(
    marked: MarkedProcesses, capfd: pytest.CaptureFixture[str]
) -> None:
    environ = {"PATH": os.environ["PATH"]} | marked.environ
    worker = WorkerPool([]).start("tests.workers.test_worker_pool:look_at_itself", environ)
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
    assert worker.exit_description() == words
    worker.try_send({"kind": "too late"})
    worker.end()


def test_a_worker_that_blocks_every_signal_can_be_ended(start: Callable[[str], Worker]) -> None:
    worker = start("hang")
    worker.channel.receive()
    worker.end()
    assert not worker.process.is_alive()


def test_however_many_workers_there_were_the_program_waits_once_at_its_end(
    start: Callable[[str], Worker],
) -> None:
    start("tests.workers.test_worker_pool:echo")
    registered = atexit._ncallbacks()  # type: ignore[attr-defined]
    start("tests.workers.test_worker_pool:echo")
    assert atexit._ncallbacks() == registered  # type: ignore[attr-defined]


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


def started_in(
    folder: Path, program: str, marked: MarkedProcesses, **environ: str
) -> subprocess.CompletedProcess[str]:
    """A program that starts a worker, run in a working folder of its own."""
    script = folder.parent / "program.py"
    script.write_text(program)
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=dict(os.environ) | marked.environ | {"PYTHONPATH": str(root)} | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(60),
    )


START_AND_END = """
import os
from ppinui.workers.worker_pool import WorkerPool
if __name__ == "__main__":
    pool = WorkerPool(["pkcs11"])
    worker = pool.start("tests.workers.test_worker_pool:look_at_itself", dict(os.environ))
    message, _ = worker.channel.receive()
    print(message["environ"].get("PYTHONSAFEPATH"), message["environ"].get("PYTHONPATH"))
    worker.end()
"""


def test_nothing_in_the_working_folder_is_run(tmp_path: Path, marked: MarkedProcesses) -> None:
    folder = tmp_path / "anybodys"
    folder.mkdir()
    for name in ("pkcs11", "token", "socket", "multiprocessing", "signal"):
        (folder / f"{name}.py").write_text(f"open({str(folder / 'ran')!r}, 'a').write({name!r})\n")
    ran = started_in(folder, START_AND_END, marked)

    assert not (folder / "ran").exists()
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"None {Path(__file__).parents[2]}\n", (
        "the worker has the environment that it was given"
    )


def test_no_helper_process_outlives_the_program(tmp_path: Path) -> None:
    """A container's first process may never reap what others leave to it."""
    folder = tmp_path / "work"
    folder.mkdir()
    reaper = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans become ours
done = subprocess.run([sys.executable, sys.argv[1]])
try:
    print("orphan", os.waitpid(-1, 0))
except ChildProcessError:
    print("none", done.returncode)
"""
    script = tmp_path / "program.py"
    script.write_text(START_AND_END)
    ran = subprocess.run(
        [sys.executable, "-c", reaper, str(script)],
        cwd=folder,
        env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
        timeout=patient(60),
    )
    assert ran.stdout.splitlines()[-1] == "none 0"


GO_AWAY = """
import os
os.rmdir(os.getcwd())
from ppinui.errors import PpinuiError
from ppinui.workers.worker_pool import WorkerPool
if __name__ == "__main__":
    try:
        WorkerPool([]).warm_up()
    except PpinuiError as error:
        print(error.lines()[0])
"""
TOO_LONG = """
from ppinui.errors import PpinuiError
from ppinui.workers.worker_pool import WorkerPool
if __name__ == "__main__":
    try:
        WorkerPool([]).warm_up()
    except PpinuiError as error:
        print(error.lines()[0])
"""


def test_a_working_folder_that_is_gone_is_named(tmp_path: Path, marked: MarkedProcesses) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    ran = started_in(folder, GO_AWAY, marked)
    assert ran.stdout == "ppinui: the working folder does not exist any more\n", ran.stderr


def test_a_folder_for_temporary_files_with_a_long_path_is_named(
    tmp_path: Path, marked: MarkedProcesses
) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    ran = started_in(folder, TOO_LONG, marked, TMPDIR=str(folder))
    assert ran.stdout.startswith("ppinui: the path of the folder for temporary files is too long"), ran.stderr


def test_a_worker_that_is_stopped_ends_by_itself_when_it_sends_next(start: Callable[[str], Worker]) -> None:
    worker = start("go_on_talking")
    worker.channel.receive()

    worker.stop(10)

    assert worker.process.exitcode == 0


def test_a_worker_that_hangs_is_stopped_all_the_same(start: Callable[[str], Worker]) -> None:
    worker = start("hang")
    worker.channel.receive()

    worker.stop(0.1)

    assert worker.process.exitcode == -signal.SIGKILL


SHARING = """
import os
from ppinui.workers.worker_pool import WorkerPool
first, second = WorkerPool(["colorsys"]), WorkerPool(["wave"])
if __name__ == "__main__":
    worker = first.start("tests.workers.test_worker_pool:tell_what_is_imported", dict(os.environ))
    print(worker.channel.receive()[0]["imported"])
"""


def tell_what_is_imported(channel: Channel) -> None:
    channel.send({"imported": sorted({"colorsys", "wave"} & sys.modules.keys())})


def test_all_pools_warm_up_the_same_process(tmp_path: Path) -> None:
    script = tmp_path / "sharing.py"
    script.write_text(SHARING)

    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "['colorsys', 'wave']\n"


def test_multiprocessing_has_the_private_parts_that_are_used() -> None:
    server = multiprocessing.forkserver._forkserver  # type: ignore[attr-defined]
    tracker = multiprocessing.resource_tracker._resource_tracker
    assert hasattr(server, "_forkserver_alive_fd")
    assert callable(server._stop)
    assert callable(tracker._stop)  # type: ignore[attr-defined]


RECORDED_PROGRAM = """
import os
with open("runs", "a") as runs:
    print(os.getpid(), file=runs)
from ppinui.workers.worker_pool import WorkerPool
if __name__ == "__main__":
    worker = WorkerPool([]).start("tests.workers.test_worker_pool:look_at_itself", dict(os.environ))
    worker.channel.receive()
    worker.end()
"""


def test_a_worker_does_not_run_the_program_s_script_again(tmp_path: Path, marked: MarkedProcesses) -> None:
    script = tmp_path / "program"
    script.write_text(RECORDED_PROGRAM)
    environ = dict(os.environ) | marked.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, env=environ, check=True, timeout=60)

    assert len((tmp_path / "runs").read_text().splitlines()) == 1


WARM_PROGRAM = """
import os
from ppinui.workers.worker_pool import WorkerPool
if __name__ == "__main__":
    worker = WorkerPool(["tests.workers.imported_modules"]).start(
        "tests.workers.imported_modules:report", dict(os.environ)
    )
    print(*worker.channel.receive()[0]["imported"])
    worker.end()
"""


def test_a_worker_imports_nothing_that_the_warm_process_can_have(
    tmp_path: Path, marked: MarkedProcesses
) -> None:
    ran = started_in(tmp_path, WARM_PROGRAM, marked)
    assert ran.stdout == "\n", ran.stderr
