"""Text pane, help, palette, sizes, and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.screen import Screen

from ppinui.tui.dialogs.choice_dialog import ChoiceDialog, DialogChoice
from ppinui.tui.widgets.file_pane import FilePane
from tests.tui.conftest import Driver, Run


def test_the_text_pane_marks_the_setting_under_the_cursor(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm1")
        await app.press("f3")
        app.entry("port").focus()
        await app.until(
            lambda: [row[8:].strip() for row in app.rows("#file") if "▌" in row] == ['port = "2410";']
        )

    run(steps)


def test_the_text_pane_shows_no_password(run: Run, config: Path) -> None:
    config.write_text(config.read_text().replace('color = "blue"', 'pin = "CANARY"'))

    async def steps(app: Driver) -> None:
        await app.press("f3")
        await app.until(lambda: any('pin = "••••"' in row for row in app.rows("#file")))
        assert not any("CANARY" in row for row in app.rows("#file"))

    run(steps)


def test_the_second_view_is_the_change(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("f3", "f3")
        await app.until("Nothing has changed since the file was saved.")
        await app.press("f3")
        await app.select("primus.hsms.hsm0")
        await app.type_into("host", "10.9.9.9")
        await app.press("f3", "f3")
        await app.until(lambda: any(row.startswith('+      host = "10.9.9.9"') for row in app.rows("#file")))
        await app.press("f3")
        assert not app.main.query_one(FilePane).display

    run(steps)


def test_help_explains_the_field_with_the_focus(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus")
        app.entry("wait_max_tries").focus()
        await app.press("f1")
        await app.until("tries before falling back to the next HSM")
        await app.press("escape")
        app.main.outline.focus()
        await app.press("f1")
        await app.until("Words in the tree")

    run(steps)


def test_the_palette_has_every_action_and_goes_to_every_slot(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("f9")
        text = await app.until("Undo (F7)")
        assert 0 < text.index("Save (F2)") < text.index("Test (F5)") < text.index("Undo (F7)")
        await app.write("signing")
        await app.until("Go to hsm0.slot1 id 2 SIGNING")
        await app.press("down", "enter")
        await app.until(lambda: app.main.selected.path == "primus.hsms.hsm0.slots.slot1")

    run(steps)


def test_f6_goes_round_by_tree_form_what_is_cut_off_text_and_problems(run: Run) -> None:
    async def steps(app: Driver) -> None:
        main = app.main
        await app.select("primus.hsms.hsm0")
        await app.press("f6")
        await app.until(lambda: app.entry("host").has_focus)
        for wanted in ("overview", "problems", "tree"):
            await app.press("f6")
            await app.until(lambda wanted=wanted: main.focused is not None and main.focused.id == wanted)
        await app.press("f3")
        main.details.overview.focus()
        await app.until(lambda: main.details.overview.has_focus)
        await app.press("f6")
        await app.until(lambda: main.file.has_focus)

    run(steps)


def test_what_is_cut_off_below_the_form_is_scrolled_to(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm0")
        assert "2. hsm1" not in app.text
        app.main.details.overview.focus()
        await app.press("down", "down", "down")
        await app.until("2. hsm1 10.1.2.4")

    run(steps)


def test_a_problem_can_be_read_whole_while_the_list_has_the_focus(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until("Problems: 1 note")
        assert "if nothing else reads it" not in app.text
        app.main.problem_pane.list.focus()
        await app.until("if nothing else reads it")
        await app.press("f6")
        await app.until(lambda: "if nothing else reads it" not in app.text)

    run(steps)


def test_the_keys_of_a_field_are_shown_and_no_character_is_called_one(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.log")
        await app.until("/ Filter")
        await app.press("enter")
        await app.until("↑ Up  ↓ Down  ⏎ Take it  esc Back")
        assert "/ Filter" not in app.text
        await app.press("down")
        await app.until("space Change")
        await app.press("space")
        assert app.entry("write_log_file").value == "true"
        await app.press("space")
        assert app.entry("write_log_file").value == "false"

    run(steps)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_every_size_shows_tree_form_problems_and_all_keys(run: Run, size: tuple[int, int]) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm0")
        for wanted in ("hsm1 10.1.2.4", "HSM hsm0", "port*", "Problems:", "F10 Quit", "x Delete"):
            await app.until(wanted)

    run(steps, size=size)


def test_every_key_has_an_id_and_every_shown_one_a_word_of_explanation(run: Run) -> None:
    async def steps(app: Driver) -> None:
        screens: list[Screen[object]] = [app.app.screen]
        await app.press("f5")
        screens.append(app.app.screen)
        for screen in screens:
            for _, binding, _, _ in screen.active_bindings.values():
                if binding.show and not binding.system:
                    assert binding.id, binding
                    assert binding.tooltip or binding.description, binding

    run(steps)


def test_without_colours_the_cursor_and_the_states_are_still_seen(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")  # Textual reads it when the app is made

    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm0")
        lines = app.text.split("\n")
        assert next(line for line in lines if "hsm0 10.1.2.3" in line).startswith(">")
        assert "never" in app.text

    run(steps)


def test_a_letter_is_shown_as_it_has_to_be_typed(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("f5")
        text = await app.until("What shall be tested?")
        assert "F1 Help" in text
        assert "f Failed" in text

    run(steps)


@pytest.mark.parametrize("words", ["Yes", "Keep what is on the screen"])
def test_every_answer_of_a_question_is_in_sight(run: Run, words: str) -> None:
    answers = [DialogChoice(key, key, f"{words} {key}") for key in "abcd"]

    async def steps(app: Driver) -> None:
        app.app.push_screen(ChoiceDialog("Which one?", [("a line", "")] * 40, answers))
        text = await app.until("Which one?")
        for answer in answers:
            assert f"({answer.key}) {answer.words}" in text

    run(steps)


def test_what_matters_less_is_paler_than_the_rest(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until("never")
        tree = app.main.outline
        styles = {segment.text.strip(): segment.style for segment in tree.render_line(4)}
        never = styles["never"]
        assert never is not None
        assert never.dim

    run(steps)
