"""Fixtures for every test: tokens, listeners, the odd module, modules that do not load, marked processes."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.libconfig.c_libconfig import Witness, compile_witness
from tests.rig.arrangement import arrange
from tests.rig.compiling import compile_odd_module
from tests.rig.listeners import Listener, listener_factory
from tests.rig.odd_module import OddModule, Switches, make_odd_module
from tests.rig.processes import MarkedProcesses
from tests.rig.runtime_folder import make_runtime_folder
from tests.rig.softhsm import SoftHsm, Token, make_softhsm
from tests.rig.unloadable import Unloadable, make_unloadable

EXAMPLES = Path(__file__).parent / "rig" / "examples"
_FOLDERS = pytest.StashKey[str]()
"""Where the workers of this run have their folders."""


def pytest_configure(config: pytest.Config) -> None:
    """What a process of a run needs before its first test."""
    config.add_cleanup(make_runtime_folder())
    if config.getoption("numprocesses", None) and config.option.basetemp is None:
        # Workers add a folder to it, and paths must not get longer for that: sockets, narrow screens.
        config.option.basetemp = config.stash[_FOLDERS] = tempfile.mkdtemp(prefix="pytest-")
    # How long an example takes says something of the machine.
    hypothesis.settings.register_profile("any machine", deadline=None)
    hypothesis.settings.load_profile("any machine")
    _let_signals_through()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The folders of a run that was green are of no use."""
    folder = session.config.stash.get(_FOLDERS, None)
    if exitstatus == 0 and folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist's own hook reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under pytest-xdist, what shares a fixture stays together, and what takes long begins first."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        arrange(items, config.rootpath)


def _let_signals_through() -> None:
    """Let Ctrl+C and a hang-up end what the tests start, also in a run behind ``&`` or ``nohup``.

    Both begin a program with these signals ignored, children inherit that, and a test that sends one of them
    would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """Four tokens for tests that read, log in and leave nothing behind (session objects are fine)."""
    labels = ["PARTITION-A", "PARTITION-B", "PARTITION-C", "PARTITION-D"]
    return make_softhsm(tmp_path_factory.mktemp("softhsm") / "shared", labels)


@pytest.fixture
def make_tokens(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SoftHsm]:
    """`make_tokens("A", Token("B", pin="1"))`: a token directory of the test's own; as many as it likes."""
    numbers = itertools.count()
    folder = tmp_path_factory.mktemp("softhsm")

    def make(*tokens: str | Token) -> SoftHsm:
        return make_softhsm(folder / str(next(numbers)), tokens)

    return make


@pytest.fixture
def listening() -> Iterator[Callable[[Listener], Listener]]:
    """`hsm = listening(accepting())`: closes the listener when the test is over."""
    with listener_factory() as keep:
        yield keep


@pytest.fixture(scope="session")
def odd_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled odd module, without switches of its own; tests take `odd`."""
    return compile_odd_module(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def odd(odd_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Switches], OddModule]:
    """`odd(Switches(slots={5: "P"}, faults=(crashes("C_Login"),)))`: a module that misbehaves as told."""
    numbers = itertools.count()
    folder = tmp_path_factory.mktemp("odd")

    def make(switches: Switches) -> OddModule:
        return make_odd_module(odd_library, folder / str(next(numbers)), switches)

    return make


@pytest.fixture(scope="session")
def unloadable(tmp_path_factory: pytest.TempPathFactory) -> Unloadable:
    """Files that are no PKCS#11 module, one for each way."""
    return make_unloadable(tmp_path_factory.mktemp("unloadable"))


@pytest.fixture
def marked() -> Iterator[MarkedProcesses]:
    """Whatever is started with `marked.environ` in its environment has to be over when the test is."""
    with MarkedProcesses() as processes:
        yield processes


@pytest.fixture(scope="session")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Witness:
    """The C libconfig of this machine."""
    return compile_witness(tmp_path_factory.mktemp("libconfig"))


@pytest.fixture
def cluster() -> Path:
    """The vendor's template of two HSMs with two partitions each."""
    return EXAMPLES / "cluster-two-partitions.cfg"


@pytest.fixture
def standalone() -> Path:
    """The vendor's template of one HSM with one partition."""
    return EXAMPLES / "standalone-one-partition.cfg"


@pytest.fixture
def public_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that every user may enter and write in (those of pytest are its own user's)."""
    folder = Path("/dev/shm") / f"{tmp_path.name}-{secrets.token_hex(4)}"
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)
