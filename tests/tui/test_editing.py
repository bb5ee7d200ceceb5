"""Editing on the main screen, through to the document and the file."""

from __future__ import annotations

from pathlib import Path

from ppinui.editing.form_fields import fields_of
from ppinui.tui.widgets.settings_form import FieldRow
from tests.tui.conftest import Driver, Run

HSM0 = "primus.hsms.hsm0"


def test_the_tree_shows_the_file_its_globals_its_log_each_hsm_and_each_slot(run: Run) -> None:
    async def steps(app: Driver) -> None:
        titles = [line.path.rpartition(".")[2] for line in app.main.outline.lines]
        assert titles == ["", "primus", "log", "hsm0", "slot0", "slot1", "hsm1", "slot0"]
        for text in ("hsm0 10.1.2.3:2310", "slot0 PAYMENTS  1", "hsm1 10.1.2.4:2410", "prio 1"):
            assert any(text in row for row in app.rows("#tree"))

    run(steps)


def test_a_host_is_changed_seen_as_a_diff_and_saved(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        await app.type_into("host", "10.9.9.9")
        await app.until("UNSAVED: 1 edit")
        await app.press("f2")
        await app.until("Save this change?")
        assert '+      host = "10.9.9.9";' in app.text
        assert f"backup {config}.bak"[:60] in app.text
        await app.press("s")
        await app.until("[saved]")

    before = config.read_text()
    run(steps)
    assert config.read_text() == before.replace("10.1.2.3", "10.9.9.9")


def test_what_is_not_allowed_says_what_is_and_is_not_taken(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm1")
        await app.type_into("priority", "128")
        await app.until("0–127")
        assert not app.session.unsaved
        await app.press("escape")
        assert app.entry("priority").value == "1"

    run(steps)


def test_an_emptied_field_takes_the_setting_away_and_shows_its_default(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm1")
        await app.type_into("priority", "")
        await app.until("UNSAVED")
        assert "priority" not in app.session.document.text
        assert app.entry("priority").placeholder == "0 by default"
        assert app.app.screen is app.main

    run(steps)


def test_a_setting_that_is_needed_is_not_taken_away(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        await app.type_into("host", "")
        await app.until("host is needed")
        assert not app.session.unsaved

    run(steps)


def test_every_documented_setting_has_a_field_and_unknown_ones_too(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        assert [row.field.name for row in app.main.form.rows()] == [
            "host",
            "port",
            "priority",
            "pin",
            "color",
        ]
        await app.select("primus.log")
        names = [row.field.name for row in app.main.form.rows()]
        assert names[0] == "file"
        assert "trace_mask" in names
        assert len(names) == 11

    run(steps)


def test_the_field_with_the_focus_is_explained(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus")
        app.entry("wait_delay").focus()
        await app.until("default 250")

    run(steps)


def test_space_goes_through_true_and_false(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.log")
        app.entry("write_syslog").focus()
        await app.press("space", "space", "enter")
        await app.until("UNSAVED")
        assert "write_syslog = false" in app.session.document.text.replace("  ", " ")

    run(steps)


def test_undo_and_redo_walk_through_all_edits(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        texts = [app.session.document.text]
        for host in ("a.example", "b.example", "c.example"):
            await app.type_into("host", host)
            texts.append(app.session.document.text)
        app.main.outline.focus()
        for text in reversed(texts[:-1]):
            await app.press("f7")
            assert app.session.document.text == text
        assert "[saved]" in app.text
        for text in texts[1:]:
            await app.press("f8")
            assert app.session.document.text == text

    run(steps)


def test_undo_in_a_field_first_takes_back_what_is_typed(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        app.entry("host").focus()
        await app.write("xyz")
        await app.press("f7")
        assert app.entry("host").value == "10.1.2.3"
        assert not app.session.unsaved

    run(steps)


def test_a_slot_is_added(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        await app.press("a")
        await app.until("Add what?")
        await app.press("s")
        await app.until("Add a slot to hsm0")
        await app.write("ARCHIVE")
        await app.press("enter", "enter", "enter", "enter")
        await app.until("UNSAVED: 1 edit")
        assert app.main.selected.path == f"{HSM0}.slots.slot2"

    app = run(steps)
    added = app.context.session.document.get(f"{HSM0}.slots.slot2")
    assert added is not None
    assert {child.name: child.value for child in added.children} == {
        "client_id": "pay",
        "user_name": "ARCHIVE",
        "id": 3,
    }


def test_an_id_that_breaks_a_rule_is_refused_in_the_form(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        await app.press("a", "s")
        await app.until("Add a slot")
        await app.write("ARCHIVE")
        await app.press("enter", "ctrl+a", "ctrl+k", "1", "f2")
        await app.until("id 1 belongs to")
        await app.press("escape")
        assert not app.session.unsaved

    run(steps)


def test_an_hsm_is_added(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("a")
        await app.until("Add an HSM")
        await app.write("10.1.2.5")
        await app.press("f2")
        await app.until("UNSAVED: 1 edit")
        assert app.main.selected.path == "primus.hsms.hsm2"

    run(steps)


def test_duplicating_an_hsm_makes_its_redundant_copy(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        await app.press("d")
        await app.until("Duplicate hsm0")
        await app.write("10.1.2.5")
        await app.press("f2")
        await app.until("UNSAVED: 1 edit")

    app = run(steps)
    copy = app.context.config.hsm("hsm2")
    assert copy is not None
    assert [(slot.user_name, slot.id) for slot in copy.slots] == [("PAYMENTS", 1), ("SIGNING", 2)]


def test_duplicating_a_slot_gives_the_partition_another_id(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(f"{HSM0}.slots.slot1")
        await app.press("d")
        await app.until("Duplicate hsm0.slot1")
        await app.press("f2")
        await app.until("UNSAVED: 1 edit")

    app = run(steps)
    assert [(slot.user_name, slot.id) for slot in app.context.config.hsms[0].slots][-1] == ("SIGNING", 3)


def test_a_slot_is_renamed(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(f"{HSM0}.slots.slot1")
        await app.press("r")
        await app.until("Rename the slot slot1")
        await app.press("end", "ctrl+u", *"signing", "enter")
        await app.until("UNSAVED: 1 edit")
        assert app.main.selected.path == f"{HSM0}.slots.signing"

    app = run(steps)
    assert "/* end signing */" in app.context.session.document.text


def test_deleting_can_be_undone(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm1")
        await app.press("x")
        await app.until("UNSAVED: 1 edit")
        assert app.context.config.hsm("hsm1") is None
        await app.press("u")
        await app.until("[saved]")
        assert app.main.selected.path == "primus.hsms.hsm1"

    app = run(steps)
    assert app.context.session.document.text == config.read_text()


def test_problems_are_live_and_enter_goes_to_the_place(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until("Problems: ")
        await app.select(f"{HSM0}.slots.slot1")
        await app.type_into("id", "1")
        await app.until("1 error")
        problems = app.main.problems
        at = next(index for index, one in enumerate(problems) if one.code == "duplicate-id-in-hsm")
        app.main.go_to("primus")
        await app.press("f6", "f6")
        for _ in range(at):
            await app.press("down")
        await app.press("enter")
        await app.until(lambda: app.app.focused is not None and app.main.selected.path.endswith("slot1"))
        await app.until(lambda: app.app.focused is app.entry("id"))

    run(steps)


def test_the_tree_says_where_problems_are_in_words(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(f"{HSM0}.slots.slot1")
        await app.type_into("id", "1")
        await app.until("1 error")
        row = next(row for row in app.rows("#tree") if "SIGNING" in row)
        assert "err" in row

    run(steps)


def test_the_filter_keeps_what_fits(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("slash", *"signing", "enter")
        assert [line.title for line in app.main.outline.lines] == ["primus.cfg", "hsm0", "slot1"]
        await app.press("slash", "escape")
        assert len(app.main.outline.lines) == 8

    run(steps)


def test_slots_are_folded_away(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(f"{HSM0}.slots.slot1")
        await app.press("left")
        assert app.main.selected.path == HSM0
        await app.press("left")
        assert len(app.main.outline.lines) == 6
        await app.press("right")
        assert len(app.main.outline.lines) == 8

    run(steps)


def test_an_hsm_shows_its_slots_and_its_cluster(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        rows = " ".join(app.rows("#overview"))
        assert "slot1  id 2  SIGNING" in rows
        assert "1. hsm0 (this one) 10.1.2.3  prio 0: PAYMENTS" in rows
        assert "2. hsm1 10.1.2.4  prio 1: PAYMENTS" in rows

    run(steps, size=(160, 40))


def test_markup_in_a_file_is_text(run: Run, config: Path) -> None:
    config.write_text(config.read_text().replace("PAYMENTS", "[b]P[/b] \\e[31m"))

    async def steps(app: Driver) -> None:
        await app.select(f"{HSM0}.slots.slot0")
        assert any("[b]P[/b]" in row for row in app.rows("#tree"))

    run(steps)


def test_a_password_that_is_typed_in_clear_text_goes_to_the_file_and_nowhere_else(
    run: Run, config: Path, tmp_path: Path
) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        row = next(row for row in app.main.form.rows() if row.field.name == "pin")
        row.entry.focus()
        await app.write("CANARY")
        assert "CANARY" not in app.text
        assert "••••••" in app.text
        await app.press("ctrl+c")
        assert app.app.clipboard == ""
        await app.press("enter")
        await app.until("UNSAVED")
        await app.press("f2")
        await app.until("Save this change?")
        assert "CANARY" not in app.text
        assert "CANARY" not in app.app.export_screenshot()
        await app.press("s")
        await app.until("[saved]")

    run(steps)
    assert 'pin = "CANARY"' in config.read_text()


def test_a_masked_field_is_empty_once_it_is_left(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        row = next(row for row in app.main.form.rows() if row.field.name == "pin")
        row.entry.focus()
        await app.write("CANARY")
        await app.press("tab", "shift+tab")
        assert "••••••" not in app.text
        assert not app.session.unsaved

    run(steps)


def test_arrows_go_from_field_to_field_and_take_what_was_typed(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm0")
        await app.press("enter", "down")
        await app.until(lambda: app.entry("port").has_focus)
        await app.press("end", "ctrl+u")
        await app.write("2411")
        await app.press("up", "up")
        await app.until(lambda: app.entry("host").has_focus)
        await app.until("UNSAVED: 1 edit")
        await app.press(*["down"] * 9)
        await app.until(lambda: app.entry("color").has_focus)
        await app.press("f1", "end")
        await app.until("To the field above")

    run(steps)


def test_nothing_is_typed_in_a_field_that_is_not_shown_yet(run: Run) -> None:
    async def steps(app: Driver) -> None:
        field = fields_of(app.session.document, HSM0)[0]
        assert field.text
        assert not FieldRow(field).changed

    run(steps)
