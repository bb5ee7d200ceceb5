"""What stands against a save: the file stays as it is, and an administrator learns what to run instead."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ppinui.config.config_save import SaveRefused, identify, save
from ppinui.config.save_errors import Refusals
from ppinui.files.file_attributes import Attributes, OwnerLostError
from ppinui.files.replacement import OvertakenError, locked_folder, mounted_from
from ppinui.libconfig.document import Document, load, parse
from ppinui.libconfig.edit import set_value
from tests.rig.forked import in_child
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user
from tests.rig.private_mounts import bind, in_private_mounts, make_read_only, mount_disk, mounting_is_possible
from tests.rig.saved import CONFIG, edited, no_trace, put_config, refusal, temporary_files

EDIT = ("config", "set", "hsm0.host=a b")

Lines = tuple[str, str]
"""Message and command of a refusal."""


def _refused(path: Path, old: Document | None, new: Document, *edit: str) -> Lines:
    refused = refusal(path, old, new, *edit)
    assert refused.place == str(path)
    return refused.message, refused.command


def _refused_edit(path: Path, *edit: str) -> Lines:
    return _refused(path, *edited(path), *edit)


def test_a_file_that_was_changed_since_is_left_as_it_is_now(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    old, new = edited(path)
    path.write_text(CONFIG + "# somebody else was here\n")
    message, command = _refused(path, old, new, *EDIT)
    assert message == "the file was changed since it was read, and was left as it is now"
    assert command == f"ppinui -c {path} config set 'hsm0.host=a b'"
    assert path.read_text() == CONFIG + "# somebody else was here\n"
    assert os.listdir(tmp_path) == ["primus.cfg"]


def test_a_file_that_was_removed_or_created_since_is_not_overwritten(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    old, new = edited(path)
    assert "was created by somebody else since" in _refused(path, None, new)[0]
    path.unlink()
    message, command = _refused(path, old, new)
    assert "was removed since" in message
    assert command == f"ppinui -c {path} config show"
    assert os.listdir(tmp_path) == []


def test_another_file_of_the_same_content_is_told_apart(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    seen = identify(path)
    old, new = edited(path)
    other = tmp_path / "other"
    other.write_text(CONFIG)
    other.rename(path)
    with pytest.raises(SaveRefused, match="was replaced by another one since"):
        save(path, old, new, read_from=seen, tracer=no_trace)


def test_a_link_that_leads_elsewhere_by_now_is_told_apart(tmp_path: Path) -> None:
    for name in ("a.cfg", "b.cfg"):
        (tmp_path / name).write_text(CONFIG)
    link = tmp_path / "primus.cfg"
    link.symlink_to("a.cfg")
    seen = identify(link)
    old, new = edited(link)
    link.unlink()
    link.symlink_to("b.cfg")
    with pytest.raises(SaveRefused, match="was replaced by another one since"):
        save(link, old, new, read_from=seen, tracer=no_trace)


def test_a_change_in_the_last_moment_is_seen_too(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    with locked_folder(tmp_path) as folder:
        current = folder.read(path.name)
        assert current is not None
        path.write_text("other = 1;")
        with pytest.raises(OvertakenError):
            folder.replace(path.name, current, b"new = 1;", current.attributes)
    assert path.read_text() == "other = 1;"
    assert os.listdir(tmp_path) == ["primus.cfg"]


def test_while_another_one_saves_nobody_else_does(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        message, command = _refused_edit(path)
    finally:
        os.close(descriptor)
    assert message == "another ppinui is saving in this folder"
    assert command == f"fuser -v {tmp_path}"
    assert path.read_text() == CONFIG


def test_of_many_who_save_at_once_one_does_and_the_others_are_told(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    start, go = os.pipe()
    answers, answer = os.pipe()
    children = []
    for number in range(8):
        child = os.fork()
        if child == 0:
            old, new = edited(path, 300 + number)
            os.close(go)
            os.read(start, 1)  # its end comes for all at once
            try:
                save(path, old, new, tracer=no_trace)
                words = f"saved {300 + number}"
            except SaveRefused as refused:
                words = refused.message
            os.write(answer, f"{words}\n".encode())
            os._exit(0)
        children.append(child)
    for descriptor in (start, go, answer):
        os.close(descriptor)
    for child in children:
        os.waitpid(child, 0)
    with open(answers) as pipe:
        lines = pipe.read().splitlines()
    (saved,) = [line for line in lines if line.startswith("saved")]
    assert path.read_text() == CONFIG.replace("250", saved.split()[1])
    assert len(lines) == 8
    assert {line for line in lines if line != saved} <= {
        "another ppinui is saving in this folder",
        "the file was changed since it was read, and was left as it is now",
    }


def test_a_folder_that_may_not_be_written_names_the_command_for_root() -> None:
    with folder_of_ordinary_user() as folder:
        path = put_config(folder)
        folder.chmod(0o555)
        message, command = as_ordinary_user(lambda: _refused_edit(path, *EDIT))
        assert as_ordinary_user(lambda: _refused_edit(path))[1] == f"sudoedit {path}"
        folder.chmod(0o755)
        assert path.read_text() == CONFIG
    assert message == "this account may not write to the folder, so the file cannot be replaced"
    assert command == f"sudo ppinui -c {path} config set 'hsm0.host=a b'"


def test_the_command_for_root_names_the_real_file_in_full() -> None:
    with folder_of_ordinary_user() as folder:
        put_config(folder)
        folder.chmod(0o555)

        def refused_by_short_name() -> str:
            os.chdir(folder)
            return refusal(Path("primus.cfg"), *edited(Path("primus.cfg")), *EDIT).command

        command = as_ordinary_user(refused_by_short_name)
        folder.chmod(0o755)
    assert shlex.split(command)[:4] == ["sudo", "ppinui", "-c", str(folder / "primus.cfg")]


def test_an_owner_that_cannot_be_kept_is_named_and_the_file_stays_his() -> None:
    with folder_of_ordinary_user() as folder:
        path = put_config(folder)
        if os.geteuid() == 0:
            message, command = as_ordinary_user(lambda: _refused_edit(path, *EDIT))
            assert message == "the file belongs to root:root, and this account cannot keep it so"
            assert command == f"sudo ppinui -c {path} config set 'hsm0.host=a b'"

        def replace_one_of_root() -> str:
            with locked_folder(folder) as opened, pytest.raises(OwnerLostError) as caught:
                opened.replace(path.name, opened.read(path.name), b"new", Attributes(0o640, 0, 0, {}))
            return str(caught.value)

        assert as_ordinary_user(replace_one_of_root) == "root:root"
        assert path.read_text() == CONFIG
        assert os.listdir(folder) == ["primus.cfg"]


def test_an_extended_attribute_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    old, new = edited(path)
    # No file system takes an attribute of a kind that nobody knows, whoever asks.
    attributes = Attributes(0o640, None, None, {"unheard-of.label": b"1"})
    with locked_folder(tmp_path) as folder, pytest.raises(Exception, match=r"^unheard-of\.label$"):
        folder.replace(path.name, folder.read(path.name), b"new", attributes)
    assert path.read_text() == CONFIG
    assert os.listdir(tmp_path) == ["primus.cfg"]
    refused = Refusals(path, path, EDIT, new).attribute_lost("security.selinux")
    assert "security.selinux cannot be kept" in refused.message
    assert refused.command.startswith("sudo ppinui -c ")
    assert old.text == CONFIG


def test_a_missing_folder_names_how_to_make_it(tmp_path: Path) -> None:
    path = tmp_path / "primus" / "primus.cfg"
    with pytest.raises(SaveRefused) as caught:
        save(path, None, parse(CONFIG), tracer=no_trace)
    assert caught.value.message == "the folder does not exist"
    assert caught.value.command == f"sudo install -d -m 0750 -g primus {path.parent}"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "primus.cfg"
    make(path)
    old = parse(CONFIG)
    message, _ = _refused(path, old, set_value(old, "primus.wait_delay", 1))
    assert message == "this is not a regular file, so it cannot be replaced"


def test_a_file_in_memory_only_is_not_replaced(tmp_path: Path) -> None:
    descriptor = os.memfd_create("primus.cfg")
    try:
        os.write(descriptor, CONFIG.encode())
        path = Path(f"/proc/self/fd/{descriptor}")
        old, new = edited(path)
        with pytest.raises(SaveRefused):
            save(path, old, new, tracer=no_trace)
    finally:
        os.close(descriptor)


def test_a_folder_in_the_place_of_the_backup_is_left_alone(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    (tmp_path / "primus.cfg.bak").mkdir()
    message, command = _refused_edit(path)
    assert message == f"the backup cannot be written: {path}.bak is a folder"
    assert command.startswith(f"mv -T {path}.bak {path}.bak.old")
    assert path.read_text() == CONFIG


@contextmanager
def _file_size_limit(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    path = put_config(tmp_path)

    def save_with_little_room() -> Lines:
        old, new = edited(path)
        with _file_size_limit(len(CONFIG) // 2):
            return _refused(path, old, new)

    message, command = in_child(save_with_little_room)
    assert message == "there is no room for the new file: File too large"
    assert command == f"df -h {tmp_path}"
    assert path.read_text() == CONFIG
    assert os.listdir(tmp_path) == ["primus.cfg"]


@pytest.mark.parametrize(
    "room", [0.4, 1.4], ids=["for half of the new file", "for it but not for the backup"]
)
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, room: float) -> None:
    text = CONFIG + "# padding\n" * 8000

    def save_on_a_full_disk() -> Lines:
        if mounting_is_possible():
            mount_disk(tmp_path, int(len(text) * (1 + room)) + 3 * 4096)
        path = put_config(tmp_path, text)
        old, new = edited(path)
        with _file_size_limit(-1 if mounting_is_possible() else int(len(text) * 0.4)):
            lines = _refused(path, old, new)
        assert path.read_text() == text
        assert os.listdir(tmp_path) == ["primus.cfg"]
        # And with room again the same edit goes through.
        if mounting_is_possible():
            mount_disk(tmp_path, len(text) * 4)
            put_config(tmp_path, text)
        assert save(path, old, new, tracer=no_trace).changed
        return lines

    message, command = (in_private_mounts if mounting_is_possible() else in_child)(save_on_a_full_disk)
    assert message.startswith("there is no room for the new file: ")
    assert command == f"df -h {tmp_path}"


def test_a_read_only_file_system_names_how_to_mount_it_for_writing(tmp_path: Path) -> None:
    path = put_config(tmp_path)

    def save_on_read_only() -> Lines:
        bind(tmp_path, tmp_path)
        make_read_only(tmp_path)
        return _refused_edit(path, *EDIT)

    if mounting_is_possible():
        message, command = in_private_mounts(save_on_read_only)
        again = f"sudo ppinui -c {path} config set 'hsm0.host=a b'"
        assert command == f"sudo mount -o remount,rw {tmp_path} && {again}"
        assert path.read_text() == CONFIG
    else:
        _, new = edited(path)
        message = Refusals(path, path, (), new).failed(OSError(errno.EROFS, "Read-only file system")).message
    assert message == "the file lies on a file system that is mounted read-only"


def test_a_bind_mount_is_recognised_and_named_with_its_source(tmp_path: Path) -> None:
    inside = tmp_path / "in side"
    inside.mkdir()
    path = put_config(inside)
    source = tmp_path / "outside.cfg"
    source.write_text(CONFIG)

    def save_over_a_mount() -> Lines:
        bind(source, path)
        lines = _refused_edit(path, *EDIT)
        assert path.read_text() == CONFIG
        return lines

    def save_over_an_unseen_mount() -> str:
        bind(source, path)
        _, new = edited(path)
        with locked_folder(inside) as folder:
            current = folder.read(path.name)
            assert current is not None
            with pytest.raises(OSError, match=r"busy|cross-device") as caught:
                folder.replace(path.name, current, b"new", current.attributes)
        assert temporary_files(inside) == []
        return Refusals(path, path, (), new).failed(caught.value).message

    if mounting_is_possible():
        message, command = in_private_mounts(save_over_a_mount)
        assert message.startswith("the file is a bind mount (of /")
        assert message.endswith("/outside.cfg), which cannot be replaced from inside")
        assert shlex.split(command)[:3] == ["sudo", "ppinui", "-c"]
        assert shlex.split(command)[3].endswith("/outside.cfg")
        assert in_private_mounts(save_over_an_unseen_mount).startswith("the file is a bind mount, which")
        assert source.read_text() == CONFIG
    table = tmp_path / "mountinfo"
    table.write_text(
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        rf"90 27 254:0 /srv/the\040file.cfg {str(path).replace(' ', chr(92) + '040')} rw - ext4 /dev/vda rw"
        "\n"
    )
    assert mounted_from(path, mountinfo=table) == Path("/srv/the file.cfg")
    assert mounted_from(inside, mountinfo=table) is None
    assert mounted_from(path, mountinfo=tmp_path / "missing") is None


def test_root_is_told_of_immutable_files_and_others_of_root(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    old = load(path)
    refused = Refusals(path, path, (), old).failed(PermissionError(errno.EPERM, "Operation not permitted"))
    expected = f"chattr -i {path} {tmp_path}" if os.geteuid() == 0 else f"sudoedit {path}"
    assert refused.command == expected


def test_a_refusal_shows_no_value_of_the_file(tmp_path: Path) -> None:
    path = put_config(tmp_path, 'pin = "FXAJX-XWVQ3"; wait = 1;')
    old = load(path)
    path.write_text('pin = "other";')
    refused = refusal(path, old, set_value(old, "pin", "DC0O5-3SLQF"))
    shown = "\n".join((*refused.lines(), repr(refused), str(refused), repr(refused.kept)))
    assert "FXAJX" not in shown
    assert "DC0O5" not in shown
