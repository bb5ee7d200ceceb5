"""The house itself: names that exist once, files that can be read in one go."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PRODUCT = Path(__file__).parents[1] / "ppinui"
MODULES = sorted(path for path in PRODUCT.rglob("*.py") if not path.name.startswith("__"))
LONGEST = 400
NO_NOUNS = re.compile(r".+(?:ing|ed)")
NOUNS = frozenset({"heading", "hardening", "keyring"})


def _place(path: Path) -> str:
    return str(path.relative_to(PRODUCT.parent))


def _public_classes(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def _standing_twice(names: Iterator[tuple[str, Path]]) -> dict[str, list[str]]:
    places = defaultdict(list)
    for name, path in names:
        places[name].append(_place(path))
    return {name: where for name, where in places.items() if len(where) > 1}


def test_there_is_a_house() -> None:
    assert len(MODULES) > 100


def test_each_module_s_name_exists_once() -> None:
    assert _standing_twice((path.stem, path) for path in MODULES) == {}


def test_each_public_class_s_name_exists_once() -> None:
    assert _standing_twice((name, path) for path in MODULES for name in _public_classes(path)) == {}


def test_a_module_is_called_by_a_noun_and_not_like_a_test() -> None:
    odd = re.compile(r"test_.*|.*_test|utils|helpers|manager")

    assert [
        _place(path)
        for path in MODULES
        if odd.fullmatch(path.stem)
        or (NO_NOUNS.fullmatch(path.stem) and path.stem.rpartition("_")[2] not in NOUNS)
    ] == []


def test_no_file_is_longer_than_one_reads_in_one_go() -> None:
    counted = {_place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}

    assert {place: lines for place, lines in counted.items() if lines > LONGEST} == {}


def test_each_module_says_its_subject_in_its_first_line() -> None:
    assert [_place(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))] == []
