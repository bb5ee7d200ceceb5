"""Edits that a session left behind: found by the next one, put on again, and never with a secret in them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ppinui.editing.edits import AddHsm, Remove, SetValue
from ppinui.editing.session import Session, open_file
from tests.rig.canary import files_with
from tests.rig.program import CHECKOUT, environment

HOST = "primus.hsms.hsm0.host"
PIN = "primus.hsms.hsm0.pin"
Open = Callable[[], Session]

EDIT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from ppinui.editing.edits import AddSlot, SetValue
from ppinui.editing.session import open_file
from ppinui.editing.session import Session
session = Session(open_file(Path(sys.argv[1])), state=Path(sys.argv[2]), tracer=lambda *_: None)
session.apply(SetValue("primus.hsms.hsm0.host", "10.9.9.9"))
session.apply(SetValue("primus.wait_delay", 999))
session.undo()
session.apply(AddSlot("hsm0", "SIGNING", 2))
session.apply(SetValue("primus.hsms.hsm0.pin", "CANARY-PIN-2"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(config: Path, state: Path) -> None:
    """A session that makes edits and is killed at once."""
    done = subprocess.run(
        [sys.executable, "-c", EDIT_AND_DIE, config, state], env=environment(), cwd=CHECKOUT, check=False
    )
    assert done.returncode == -signal.SIGKILL


def test_the_edits_of_a_killed_session_are_put_on_again(
    open_session: Open, config: Path, tmp_path: Path
) -> None:
    killed(config, tmp_path / "state")
    session = open_session()
    (left,) = session.find_unsaved()
    notes = session.restore(left)

    assert 'host = "10.9.9.9"' in session.document.text
    assert "wait_delay = 250" in session.document.text
    assert "SIGNING" in session.document.text
    assert notes == (
        "left out: hsm0.pin = ••••: hsm0.pin = ••••: the password is not kept outside of the file",
    )
    assert session.undoable is not None
    assert "SIGNING" in session.undoable
    assert session.find_unsaved() == ()


def test_no_secret_is_in_the_journal(config: Path, tmp_path: Path) -> None:
    killed(config, tmp_path / "state")

    assert list((tmp_path / "state").rglob("*.jsonl"))
    assert files_with("CANARY-PIN-1", tmp_path / "state") == ()
    assert files_with("CANARY-PIN-2", tmp_path / "state") == ()


def test_a_setup_password_in_a_wrong_field_is_not_written_down(open_session: Open, tmp_path: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    session.apply(SetValue("primus.hsms.hsm0.slots.slot0.user_name", "FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3"))

    assert list((tmp_path / "state").rglob("*.jsonl"))
    assert files_with("FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3", tmp_path / "state") == ()


def test_undoing_beyond_a_save_writes_down_no_secret(open_session: Open, tmp_path: Path) -> None:
    session = open_session()
    session.apply(Remove("primus.hsms.hsm0"))
    session.saved(session.document, session.save(session.document))
    session.undo()
    assert "CANARY-PIN-1" in session.document.text
    assert session.unsaved

    assert list((tmp_path / "state").rglob("*.jsonl"))
    assert files_with("CANARY-PIN-1", tmp_path / "state") == ()


def test_undoing_beyond_a_save_is_put_on_again(open_session: Open, config: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    session.saved(session.document, session.save(session.document))
    session.undo()
    wanted = session.document.text
    leave_behind(session)

    again = open_session()
    (left,) = again.find_unsaved()
    assert again.restore(left) == ()
    assert again.document.text == wanted


def leave_behind(session: Session) -> None:
    """End a session as a crash does: its lock goes, its journal stays."""
    descriptor = session._journal._descriptor
    assert descriptor is not None
    os.close(descriptor)


def test_the_journal_is_nobody_elses(open_session: Open, tmp_path: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    (journal,) = (tmp_path / "state").rglob("*.jsonl")

    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700


def test_a_session_in_good_order_leaves_nothing(open_session: Open, tmp_path: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    session.close()

    assert list((tmp_path / "state").rglob("*.jsonl")) == []


def test_a_save_empties_the_journal(open_session: Open, tmp_path: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    session.saved(session.document, session.save(session.document))

    assert list((tmp_path / "state").rglob("*.jsonl")) == []


def test_the_edits_of_a_session_that_is_alive_are_left_alone(open_session: Open) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))

    assert open_session().find_unsaved() == ()


def test_a_journal_that_was_cut_off_gives_what_is_whole(
    open_session: Open, config: Path, tmp_path: Path
) -> None:
    killed(config, tmp_path / "state")
    (journal,) = (tmp_path / "state").rglob("*.jsonl")
    lines = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join(lines[:2]) + b"\n" + lines[2][:10])
    session = open_session()
    (left,) = session.find_unsaved()

    assert [edit.words for edit in left.edits] == [
        'hsm0.host = "10.9.9.9"',
        "an edit that this version cannot read",
    ]


def test_edits_of_a_file_that_was_changed_since_say_so(
    open_session: Open, config: Path, tmp_path: Path
) -> None:
    killed(config, tmp_path / "state")
    config.write_text(config.read_text().replace("first", "primary"))
    session = open_session()
    (left,) = session.find_unsaved()

    assert session.restore(left)[0] == "The file has been changed since these edits were made."
    assert "primary" in session.document.text
    assert "10.9.9.9" in session.document.text


def test_discarded_edits_are_not_offered_again(open_session: Open, config: Path, tmp_path: Path) -> None:
    killed(config, tmp_path / "state")
    session = open_session()
    (left,) = session.find_unsaved()
    session.discard(left)

    assert session.find_unsaved() == ()


def test_a_state_folder_that_cannot_be_written_is_no_reason_to_stop(config: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    session = Session(open_file(config), state=tmp_path / "state", tracer=lambda *_: None)
    session.apply(AddHsm("10.1.2.9", "2310"))

    assert session.unsaved
    assert session.journal_flaw is not None
    assert session.undo() is not None
