"""Editing with undo and redo, saving, and a file that somebody else changes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ppinui.config.config_save import SaveRefused
from ppinui.editing.edits import AddHsm, AddSlot, Duplicate, Remove, Rename, SetValue
from ppinui.editing.file_watch import OnDisk
from ppinui.editing.session import Session
from ppinui.errors import PpinuiError

HOST = "primus.hsms.hsm0.host"
Open = Callable[[], Session]


def test_an_edit_is_unsaved_until_it_is_undone(open_session: Open) -> None:
    session = open_session()
    assert not session.unsaved

    session.apply(SetValue(HOST, "10.9.9.9"))
    assert session.unsaved
    assert session.undoable == 'hsm0.host = "10.9.9.9"'
    session.undo()

    assert not session.unsaved
    assert session.document.text == session.base.text


def test_everything_can_be_undone_and_done_again(open_session: Open) -> None:
    session = open_session()
    edits = [
        SetValue(HOST, "10.9.9.9"),
        AddHsm("10.1.2.4", "2310", like="hsm0"),
        AddSlot("hsm0", "SIGNING", 2),
        Duplicate("primus.hsms.hsm0.slots.slot0", "slot7", {"id": 9}),
        Rename("primus.hsms.hsm0.slots.slot0", "main"),
        Remove("primus.hsms.hsm1"),
    ]
    texts = [session.document.text]
    for edit in edits:
        session.apply(edit)
        texts.append(session.document.text)
    assert len(set(texts)) == len(texts)

    for text in reversed(texts[:-1]):
        assert session.undo() is not None
        assert session.document.text == text
    assert session.undo() is None
    for text in texts[1:]:
        assert session.redo() is not None
        assert session.document.text == text
    assert session.redo() is None


def test_a_new_edit_ends_what_could_be_done_again(open_session: Open) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "a.example"))
    session.undo()
    session.apply(SetValue(HOST, "b.example"))

    assert session.redoable is None


def test_an_edit_that_changes_nothing_leaves_no_step(open_session: Open) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.1.2.3"))

    assert session.undoable is None


def test_an_edit_that_is_refused_leaves_everything_as_it_was(open_session: Open) -> None:
    session = open_session()
    with pytest.raises(PpinuiError):
        session.apply(Remove("primus.hsms.nothing"))

    assert session.undoable is None
    assert session.edits == ()


def test_the_words_of_an_edit_hide_its_password(open_session: Open) -> None:
    session = open_session()
    session.apply(SetValue("primus.hsms.hsm0.pin", "CANARY-PIN-2"))

    assert session.undoable == "hsm0.pin = ••••"
    assert "CANARY" not in session.diff()
    assert "CANARY" not in repr(session.edits)


def test_a_save_writes_exactly_the_edits(open_session: Open, config: Path) -> None:
    session = open_session()
    before = config.read_text()
    session.apply(SetValue(HOST, "10.9.9.9"))
    document = session.document
    session.saved(document, session.save(document))

    assert config.read_text() == before.replace("10.1.2.3", "10.9.9.9")
    assert not session.unsaved


def test_undo_goes_back_beyond_a_save(open_session: Open, config: Path) -> None:
    session = open_session()
    before = config.read_text()
    session.apply(SetValue(HOST, "10.9.9.9"))
    session.saved(session.document, session.save(session.document))
    session.undo()

    assert session.unsaved
    session.saved(session.document, session.save(session.document))
    assert config.read_text() == before


def test_what_is_edited_during_a_save_stays_unsaved(open_session: Open, config: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    document = session.document
    report = session.save(document)
    session.apply(SetValue("primus.wait_delay", 300))
    session.saved(document, report)

    assert session.unsaved
    assert "wait_delay = 250" in config.read_text()
    assert len(session.edits) == 1


def test_a_file_that_nobody_touched_is_the_same(open_session: Open) -> None:
    assert open_session().look_at_disk().state is OnDisk.SAME


def test_a_file_that_somebody_changed_is_not_overwritten(open_session: Open, config: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    config.write_text(config.read_text().replace("250", "260"))

    with pytest.raises(SaveRefused):
        session.save(session.document)
    assert session.look_at_disk().state is OnDisk.CHANGED


def test_keeping_ours_puts_our_edits_on_theirs(open_session: Open, config: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    config.write_text(config.read_text().replace("250", "260"))
    notes = session.keep_ours(session.look_at_disk())

    assert notes == ()
    session.saved(session.document, session.save(session.document))
    saved = config.read_text()
    assert "10.9.9.9" in saved
    assert "wait_delay = 260" in saved


def test_keeping_ours_says_where_both_changed_the_same(open_session: Open, config: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    config.write_text(config.read_text().replace("10.1.2.3", "10.7.7.7"))

    assert session.keep_ours(session.look_at_disk()) == (
        "both changed hsm0.host, ours stays (theirs: 10.7.7.7)",
    )
    assert "10.9.9.9" in session.document.text


def test_keeping_ours_leaves_out_what_has_no_place_any_more(open_session: Open, config: Path) -> None:
    session = open_session()
    session.apply(AddSlot("hsm0", "SIGNING", 2))
    session.apply(SetValue("primus.hsms.hsm0.slots.slot1.client_id", "x"))
    theirs = config.read_text().replace(
        "}; /* end slots */", 'slot1: { user_name = "OTHER"; id = 5; };\n      }; /* end slots */'
    )
    config.write_text(theirs)
    notes = session.keep_ours(session.look_at_disk())

    assert [note.partition(":")[0] for note in notes] == ["left out", "left out"]
    assert session.document.text == theirs


def test_taking_theirs_can_be_undone(open_session: Open, config: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    ours = session.document.text
    config.write_text(config.read_text().replace("250", "260"))
    session.take_theirs(session.look_at_disk())

    assert not session.unsaved
    session.undo()
    assert session.unsaved
    assert session.document.text == ours


def test_a_file_that_is_gone_is_said_to_be_gone(open_session: Open, config: Path) -> None:
    session = open_session()
    config.unlink()

    assert session.look_at_disk().state is OnDisk.GONE


def test_a_file_that_does_not_parse_any_more_is_told_with_its_flaw(open_session: Open, config: Path) -> None:
    session = open_session()
    config.write_text("primus: {")
    disk = session.look_at_disk()

    assert disk.document is None
    assert disk.flaw is not None


def test_a_copy_goes_to_a_new_file_only(open_session: Open, config: Path, tmp_path: Path) -> None:
    session = open_session()
    session.apply(SetValue(HOST, "10.9.9.9"))
    session.save_copy(session.document, tmp_path / "copy.cfg")

    assert (tmp_path / "copy.cfg").read_text() == session.document.text
    assert session.unsaved
    with pytest.raises(SaveRefused):
        session.save_copy(session.document, config)
