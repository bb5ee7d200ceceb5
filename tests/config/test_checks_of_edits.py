"""After edits, checks and typed view are those of the whole text, though what is the same is passed over."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppinui.config.checks.registry import Checker, check_document, problems_around_edit
from ppinui.config.primus_config import PrimusConfig, read
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import ConfigSyntaxError, Document, parse
from ppinui.libconfig.nodes import TextEdit
from tests.config.check_cases import CASES, Case, text_of
from tests.config.sound_file import SOUND

TEXTS = [SOUND, *(text_of(case.broken) for case in CASES), *(text_of(case.near) for case in CASES)]
RANDOMS = st.builds(Random, st.integers(0, 2**32))


def _with(document: Document, text: str) -> Document | None:
    """The document after the edit that makes another text of it; None where that does not parse."""
    start = len(os.path.commonprefix([document.text, text]))  # noqa: RUF071
    least = min(len(document.text), len(text)) - start
    same = len(os.path.commonprefix([document.text[::-1], text[::-1]]))  # noqa: RUF071
    tail = min(least, same)
    edit = TextEdit(start, len(document.text) - tail, text[start : len(text) - tail])
    try:
        return document.with_edit(edit)
    except ConfigSyntaxError:
        return None


def _mixed(random: Random) -> str:
    """The sound file with what breaks several rules."""
    text = SOUND
    for case in random.sample(CASES, 4):
        for old, new in case.broken if not isinstance(case.broken, str) else ():
            text = text.replace(old, new)
    return text


def _places(config: PrimusConfig) -> list[str]:
    return [str(config.setting_of(one).place) for hsm in config.hsms for one in (hsm, *hsm.slots)]


def _key(problem: Diagnostic) -> tuple[str, str, str]:
    return problem.code, problem.subject, problem.message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_each_rule_finds_after_an_edit_what_it_finds_in_the_whole_text(case: Case) -> None:
    checker = Checker()
    document = parse(SOUND, allow_duplicates=True)
    for text in (SOUND, text_of(case.broken), text_of(case.broken), text_of(case.near), SOUND):
        edited = _with(document, text)
        if edited is not None:
            assert checker.check(edited) == check_document(parse(text, allow_duplicates=True))
            document = edited


@settings(max_examples=60, deadline=None)
@given(RANDOMS)
def test_any_row_of_edits_leads_to_the_problems_and_values_of_the_whole_text(random: Random) -> None:
    checker = Checker()
    document = parse(SOUND, allow_duplicates=True)
    config = read(document)
    for _ in range(8):
        text = random.choice(TEXTS) if random.random() < 0.5 else _mixed(random)
        edited = _with(document, text)
        if edited is None:
            continue
        whole = parse(text, allow_duplicates=True)
        assert checker.check(edited) == check_document(whole)
        config, fresh = read(edited, config), read(whole)
        assert (config.globals, config.log) == (fresh.globals, fresh.log)
        assert repr(config) == repr(fresh)
        assert _places(config) == _places(fresh)
        document = edited


@settings(max_examples=40, deadline=None)
@given(RANDOMS)
def test_what_an_edit_brings_and_takes_away_is_told_by_the_problems_around_it(random: Random) -> None:
    old = parse(SOUND, allow_duplicates=True)
    for _ in range(5):
        new = _with(old, _mixed(random))
        if new is None:
            continue
        before, after = (
            {_key(problem) for problem in check_document(document) if problem.severity is not Severity.NOTE}
            for document in (old, new)
        )
        some_before, some_after = problems_around_edit(old, new)
        found = {_key(problem) for problem in some_after if problem.severity is not Severity.NOTE}
        assert found - set(map(_key, some_before)) == after - before
        assert set(map(_key, some_before)) - found >= before - after
        old = new
