"""Which processes go on with the old configuration, because they have the library mapped."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ppinui.provider.library import LibraryUsers, Process, processes_using
from tests.rig.holding import holding
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user
from tests.rig.unloadable import Unloadable


@pytest.fixture
def library(unloadable: Unloadable, tmp_path: Path) -> Path:
    """A library that nobody else has loaded, with a blank in its name."""
    return Path(shutil.copy(unloadable.without_function_list, tmp_path / "lib primus.so"))


def _numbers(users: LibraryUsers) -> list[int]:
    return [process.pid for process in users.processes]


def test_programs_that_have_the_library_loaded_are_found_by_number_and_name(library: Path) -> None:
    assert processes_using(library).processes == ()
    with holding(library) as first, holding(library) as second:
        users = processes_using(library)
        assert _numbers(users) == sorted((first, second))
        assert all(process.name.startswith("python") for process in users.processes)
    assert processes_using(library).processes == ()


def test_a_link_to_the_library_leads_to_the_same_programs(library: Path, tmp_path: Path) -> None:
    link = tmp_path / "libprimusP11.so"
    link.symlink_to(library.name)
    with holding(library) as number:
        assert _numbers(processes_using(link)) == [number]
    with holding(link) as number:
        assert _numbers(processes_using(library)) == [number]


def test_a_program_that_knows_the_library_by_another_name_is_found(library: Path, tmp_path: Path) -> None:
    other = tmp_path / "other-name.so"
    os.link(library, other)
    with holding(other) as number:
        assert _numbers(processes_using(library)) == [number]


def test_a_program_that_keeps_a_library_that_was_updated_meanwhile_is_found(library: Path) -> None:
    with holding(library) as number:
        update = library.with_name("update")
        shutil.copy(library, update)
        update.replace(library)
        assert _numbers(processes_using(library)) == [number]
        library.unlink()
        assert _numbers(processes_using(library)) == [number]


def _fake_process(
    proc: Path, number: int, name: str, *, state: str = "S", flags: int = 0, maps: str = ""
) -> Path:
    folder = proc / str(number)
    folder.mkdir(parents=True)
    (folder / "comm").write_text(f"{name}\n")
    (folder / "stat").write_text(f"{number} ({name}) {state} 1 1 1 0 -1 {flags} 0 0")
    (folder / "maps").write_text(maps)
    return folder


def test_what_may_not_be_looked_at_is_counted_but_neither_kernel_threads_nor_zombies(library: Path) -> None:
    with folder_of_ordinary_user() as proc:
        for folder in (
            _fake_process(proc, 7, "odd ) Z name"),
            _fake_process(proc, 8, "another"),
            _fake_process(proc, 9, "kworker", flags=0x00208040),
            _fake_process(proc, 10, "over", state="Z"),
        ):
            (folder / "maps").chmod(0)
        _fake_process(proc, 11, "uses it", maps=f"00-01 r-xp 0 fe:00 1   {library} (deleted)\n")
        users = as_ordinary_user(lambda: processes_using(library, proc=proc))
    assert users == LibraryUsers((Process(11, "uses it"),), 2)


def test_lines_without_a_file_and_processes_that_end_meanwhile_are_passed_by(
    library: Path, tmp_path: Path
) -> None:
    proc = tmp_path / "proc"
    _fake_process(proc, 7, "ordinary", maps="00-01 r-xp 0 00:00 0\n00-01 rw-p 0 00:00 0 [heap]\n")
    (proc / "8").mkdir()
    (proc / "self").mkdir()
    assert processes_using(library, proc=proc) == LibraryUsers((), 0)


def test_where_there_is_no_proc_nothing_is_seen(library: Path, tmp_path: Path) -> None:
    assert processes_using(library, proc=tmp_path / "none") == LibraryUsers((), 0)


def test_the_provider_s_library_counts_wherever_it_lies(library: Path, tmp_path: Path) -> None:
    own = tmp_path / "application" / "libprimusP11.so"
    own.parent.mkdir()
    shutil.copy(library, own)
    with holding(own) as number:
        assert _numbers(processes_using(library)) == [number]
        assert _numbers(processes_using(None)) == [number]
