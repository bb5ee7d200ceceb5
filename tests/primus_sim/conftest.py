"""Fixtures for the tests of the stand-in itself: stands, and a sanitized library on command."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.primus_sim.building import compile_driver, compile_provider
from tests.primus_sim.driver import Drive, Driver
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
def drive(sanitized: tuple[Path, Path]) -> Iterator[Drive]:
    """`driver = drive(stand)`: a process with the stand's library, sanitized.

    When the test is over it has to end cleanly: without an error, undefined behaviour or a leak.
    """
    program, library = sanitized
    with ExitStack() as stack:

        def start(stand: Stand, environ: Mapping[str, str] | None = None) -> Driver:
            # Not into the file that another process may have loaded.
            stand.module.unlink()
            shutil.copyfile(library, stand.module)
            return stack.enter_context(
                Driver(program, stand.module, stand.environ if environ is None else environ)
            )

        yield start
