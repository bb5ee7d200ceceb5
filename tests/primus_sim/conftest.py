"""Fixtures for the tests of the stand-in itself: stands, and a sanitized library on command."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.primus_sim.building import compile_driver, compile_provider
from tests.primus_sim.driver import Driver
from tests.primus_sim.fixtures import primus_both, primus_cluster, primus_parts, primus_standalone
from tests.primus_sim.stand import Stand

__all__ = ["primus_both", "primus_cluster", "primus_parts", "primus_standalone"]


@pytest.fixture(scope="session")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The driver program and the library, both with AddressSanitizer and UndefinedBehaviorSanitizer."""
    folder = tmp_path_factory.mktemp("sanitized")
    with ThreadPoolExecutor() as pool:
        program = pool.submit(compile_driver, folder)
        library = pool.submit(compile_provider, folder, sanitized=True)
        return program.result(), library.result()


@pytest.fixture
def drive(sanitized: tuple[Path, Path]) -> Iterator[Callable[[Stand], Driver]]:
    """`driver = drive(stand)`: a process with the stand's library. At the end of the test it has to end cleanly:
    no error, no undefined behaviour, no leak."""
    program, library = sanitized
    with ExitStack() as stack:

        def start(stand: Stand) -> Driver:
            shutil.copyfile(library, stand.module)
            return stack.enter_context(Driver(program, stand.module, stand.environ))

        yield start
