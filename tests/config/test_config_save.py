"""What a save keeps, and what it leaves behind."""

from __future__ import annotations

import grp
import os
import stat
import struct
from pathlib import Path

import pytest

from ppinui.config.config_save import SaveRefused, identify, save
from ppinui.libconfig.document import load, parse
from ppinui.libconfig.edit import set_value
from tests.rig.ordinary_user import NOBODY, as_ordinary_user, folder_of_ordinary_user
from tests.rig.saved import CONFIG, edited, no_trace, put_config, save_edit, temporary_files

ACCESS_LIST = "system.posix_acl_access"
DEFAULT_LIST = "system.posix_acl_default"


def _access_list(group_permissions: int, mask: int) -> bytes:
    """Something for one more group, nothing for others, in the form of <linux/posix_acl_xattr.h>."""
    user_object, group_object, group, mask_entry, other = 1, 4, 8, 16, 32
    no_id = 0xFFFFFFFF
    entries = [
        (user_object, 6, no_id),
        (group_object, 4, no_id),
        (group, group_permissions, 12345),
        (mask_entry, mask, no_id),
        (other, 0, no_id),
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def _extended(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def _set_where_possible(path: Path, name: str, value: bytes) -> None:
    """Some file systems (a container's, an old tmpfs) have no extended attributes of some kinds."""
    try:
        os.setxattr(path, name, value)
    except OSError:
        assert name not in _extended(path)


def _own_groups() -> list[int]:
    return [os.getegid(), *os.getgroups()]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_new_text_is_there_and_the_old_one_beside_it(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    report = save_edit(path)
    assert path.read_text() == CONFIG.replace("250", "300")
    assert report.backup == tmp_path / "primus.cfg.bak"
    assert report.backup.read_text() == CONFIG
    assert (report.path, report.changed, report.notes) == (path, True, ())
    assert sorted(os.listdir(tmp_path)) == ["primus.cfg", "primus.cfg.bak"]


def test_there_is_one_backup_and_it_is_the_last_version(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    for delay in (301, 302, 303):
        save_edit(path, delay)
    assert (tmp_path / "primus.cfg.bak").read_text() == CONFIG.replace("250", "302")
    assert sorted(os.listdir(tmp_path)) == ["primus.cfg", "primus.cfg.bak"]


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664, 0o444, 0o4750, 0o2640])
def test_the_mode_is_kept_whatever_the_umask_is(tmp_path: Path, mode: int) -> None:
    path = put_config(tmp_path)
    path.chmod(mode)
    before = os.umask(0o077)
    try:
        report = save_edit(path)
    finally:
        os.umask(before)
    assert report.backup is not None
    assert (_mode(path), _mode(report.backup)) == (mode, mode)


def test_owner_and_group_are_kept(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    # As an ordinary user the one thing to choose is the group, among one's own.
    uid, gid = (NOBODY, 12345) if os.geteuid() == 0 else (os.geteuid(), _own_groups()[-1])
    os.chown(path, uid, gid)
    path.chmod(0o640)
    report = save_edit(path)
    assert report.backup is not None
    for file in (path, report.backup):
        status = file.stat()
        assert (status.st_uid, status.st_gid, _mode(file)) == (uid, gid, 0o640)


def test_extended_attributes_and_access_lists_are_kept(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    path.chmod(0o640)
    _set_where_possible(path, "user.origin", b"the welcome ticket\0")
    _set_where_possible(path, ACCESS_LIST, _access_list(4, 4))
    before, mode = _extended(path), _mode(path)
    report = save_edit(path)
    assert report.backup is not None
    for file in (path, report.backup):
        assert _extended(file) == before
        assert _mode(file) == mode


def test_a_default_access_list_of_the_folder_opens_nothing_that_was_closed(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    path.chmod(0o640)
    _set_where_possible(tmp_path, DEFAULT_LIST, _access_list(6, 6))
    before = _extended(path)
    save_edit(path)
    assert _extended(path) == before
    assert _mode(path) == 0o640


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    real, links = tmp_path / "real", tmp_path / "links"
    real.mkdir()
    links.mkdir()
    path = put_config(real)
    (links / "second.cfg").symlink_to("../real/primus.cfg")
    (links / "first.cfg").symlink_to(links / "second.cfg")
    report = save_edit(links / "first.cfg")
    assert (report.path, report.backup) == (path, real / "primus.cfg.bak")
    assert path.read_text() == CONFIG.replace("250", "300")
    assert os.readlink(links / "first.cfg") == str(links / "second.cfg")
    assert os.readlink(links / "second.cfg") == "../real/primus.cfg"
    assert sorted(os.listdir(links)) == ["first.cfg", "second.cfg"]


def test_every_odd_byte_of_the_file_survives(tmp_path: Path) -> None:
    text = "# M\udcfcller\r\n" + CONFIG.replace("\n", "\r\n").rstrip("\r\n") + "\t# last"
    path = put_config(tmp_path, text + "\n")
    save_edit(path)
    assert path.read_bytes() == text.replace("250", "300").encode("utf-8", "surrogateescape") + b"\n"


def test_where_nothing_changed_nothing_is_written(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    before = path.stat()
    report = save_edit(path, 250)
    assert (report.changed, report.backup, report.notes) == (False, None, ("Nothing has changed.",))
    assert path.stat() == before
    assert os.listdir(tmp_path) == ["primus.cfg"]


def test_a_new_file_gets_mode_0640_and_the_group_where_there_is_one(tmp_path: Path) -> None:
    number = _own_groups()[-1]
    group = grp.getgrgid(number).gr_name
    report = save(tmp_path / "primus.cfg", None, parse(CONFIG), group=group, tracer=no_trace)
    assert (report.changed, report.backup, report.notes) == (True, None, ())
    status = (tmp_path / "primus.cfg").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o640, os.geteuid(), number)
    assert (tmp_path / "primus.cfg").read_text() == CONFIG


def test_a_new_file_keeps_the_usual_group_where_the_groups_name_is_unknown(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    report = save(tmp_path / "primus.cfg", None, parse(CONFIG), group="no-such-group", tracer=no_trace)
    assert report.notes == ()
    status = (tmp_path / "primus.cfg").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o640, usual.stat().st_gid)


def test_a_new_file_that_may_not_be_given_to_the_group_says_how_root_does_it() -> None:
    with folder_of_ordinary_user() as folder:

        def save_new() -> tuple[str, ...]:
            foreign = next(entry.gr_name for entry in grp.getgrall() if entry.gr_gid not in os.getgroups())
            return save(folder / "primus.cfg", None, parse(CONFIG), group=foreign, tracer=no_trace).notes

        (note,) = as_ordinary_user(save_new)
        assert note.startswith("This account may not give the file to the group: sudo chgrp ")
        assert note.endswith(f" {folder}/primus.cfg")
        assert _mode(folder / "primus.cfg") == 0o640


def test_a_new_file_may_be_saved_through_a_link_that_leads_nowhere_yet(tmp_path: Path) -> None:
    (tmp_path / "link.cfg").symlink_to("primus.cfg")
    save(tmp_path / "link.cfg", None, parse(CONFIG), tracer=no_trace)
    assert (tmp_path / "link.cfg").is_symlink()
    assert (tmp_path / "primus.cfg").read_text() == CONFIG


def test_what_killed_saves_left_is_gone_after_the_next_one_and_nothing_else(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    for name in (".primus.cfg.ppinui-0123456789abcdef", ".primus.cfg.bak.ppinui-fedcba9876543210"):
        (tmp_path / name).write_text("half a fi")
    others = [
        ".primus.cfg.ppinui-0123456789abcde",
        ".primus.cfg.ppinui-0123456789abcdef.txt",
        ".other.cfg.ppinui-0123456789abcdef",
        "primus.cfg.ppinui-0123456789abcdef",
        ".secrets.cfg",
    ]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / ".primus.cfg.ppinui-aaaaaaaaaaaaaaaa").mkdir()
    save_edit(path)
    assert temporary_files(tmp_path) == [".primus.cfg.ppinui-aaaaaaaaaaaaaaaa"]
    assert set(others) < set(os.listdir(tmp_path))


def test_a_left_over_that_is_a_link_costs_its_target_nothing(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    (tmp_path / ".primus.cfg.ppinui-0123456789abcdef").symlink_to(precious)
    save_edit(path)
    assert precious.read_text() == "keep me"
    assert temporary_files(tmp_path) == []


def test_other_names_of_the_file_are_mentioned(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    os.link(path, tmp_path / "other-name.cfg")
    (note,) = save_edit(path).notes
    assert "hard links" in note
    assert (tmp_path / "other-name.cfg").read_text() == CONFIG


def test_one_save_after_another_goes_by_the_identity_that_the_first_one_gave(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    seen = identify(path)
    first, second = edited(path, 301)
    report = save(path, first, second, read_from=seen, tracer=no_trace)
    third = set_value(second, "primus.wait_delay", 302)
    assert save(path, second, third, read_from=report.identity, tracer=no_trace).changed
    with pytest.raises(SaveRefused):
        save(path, third, first, read_from=seen, tracer=no_trace)


def test_a_save_leaves_one_trace_with_the_real_file_and_a_refused_one_none(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    link = tmp_path / "link.cfg"
    link.symlink_to(path)
    traces: list[tuple[str, Path]] = []
    old, new = edited(path)

    def note(action: str, file: Path) -> None:
        traces.append((action, file))

    save(link, old, new, tracer=note)
    with pytest.raises(SaveRefused):
        save(link, old, new, tracer=note)
    save(link, new, new, tracer=note)
    assert traces == [("save", path)]


def test_what_was_saved_is_read_back_as_it_was_meant(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    old = load(path)
    new = set_value(
        set_value(old, "primus.hsms.hsm0.host", 'ümlaut\t"quoted"'), "primus.hsms.hsm0.slots.slot0.id", 7
    )
    save(path, old, new, tracer=no_trace)
    read = load(path)
    host, slot = read.get("primus.hsms.hsm0.host"), read.get("primus.hsms.hsm0.slots.slot0.id")
    assert host is not None
    assert slot is not None
    assert (host.value, slot.value) == ('ümlaut\t"quoted"', 7)
