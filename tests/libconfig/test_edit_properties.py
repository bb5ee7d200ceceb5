"""Edits of any configuration: exactly the intended change, read back by the C library and by libconf."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import libconf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppinui.libconfig.document import (
    ConfigSyntaxError,
    Document,
    EditRefused,
    Kind,
    Setting,
    encode,
    load,
    parse,
)
from ppinui.libconfig.edit import remove, rename, set_value
from ppinui.libconfig.insert import copy, insert
from ppinui.libconfig.nodes import TextEdit
from tests.libconfig.c_libconfig import Tree, Witness
from tests.libconfig.made_documents import (
    all_named,
    any_content,
    any_scalar,
    crowded,
    exactly,
    made_text,
    tree_of,
    tree_of_content,
)

RANDOMS = st.builds(Random, st.integers(0, 2**32))


def _made(random: Random) -> Document:
    """A made-up document, one in five with hardly any white space."""
    while True:
        text = made_text(random)
        try:
            return parse(crowded(random, text) if random.random() < 0.2 else text)
        except ConfigSyntaxError:
            continue


def _join(parent: str, name: str) -> str:
    return f"{parent}.{name}" if parent else name


def _group(tree: Tree, path: str) -> Any:
    """The inside of a group, array or list of a tree."""
    for step in path.split(".") if path else ():
        inside = tree[1]
        tree = inside[int(step[1:-1])] if step.startswith("[") else inside[step]
    return tree[1]


def _one_stretch(old: str, new: str) -> bool:
    """Whether the longer text is the shorter one with one stretch put in."""
    short, long = sorted((old, new), key=len)
    same = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return long.endswith(short[same:])


def _set(random: Random, document: Document, tree: Tree) -> Document | None:
    scalars = [setting for setting in document.walk() if setting.kind.scalar]
    if not scalars:
        return None
    setting = random.choice(scalars)
    value = any_scalar(random)
    inside = _group(tree, setting.path.rpartition(".")[0])
    content = tree_of_content(value)
    try:
        edited = set_value(document, setting.path, value)
    except EditRefused:
        if len(inside) > 1 and _parent_kind(document, setting) is Kind.ARRAY:
            return None  # of another type than its neighbours
        raise
    assert edited.text.startswith(document.text[: setting.value_start])
    assert edited.text.endswith(document.text[setting.value_end :])
    new = edited.get(setting.path)
    assert new is not None
    if content[0] == "int" and new.kind is Kind.INT64:
        content = ("int64", value)
    inside[setting.index if setting.name is None else setting.name] = content
    return edited


def _insert(random: Random, document: Document, tree: Tree) -> Document | None:
    groups = [document.root, *(setting for setting in document.walk() if setting.kind is Kind.GROUP)]
    group = random.choice(groups)
    content = any_content(random)
    after = random.choice([None, None, *(child.name for child in group.children)])
    edited = insert(document, group.path, "new", content, after=after)
    assert _one_stretch(document.text, edited.text)
    assert remove(edited, _join(group.path, "new")).text == document.text
    _group(tree, group.path)["new"] = tree_of_content(content)
    return edited


def _copy(random: Random, document: Document, tree: Tree) -> Document | None:
    groups = [setting for setting in all_named(document) if setting.kind is Kind.GROUP]
    if not groups:
        return None
    group = random.choice(groups)
    parent = _parent(group)
    edited = copy(document, group.path, "new")
    assert _one_stretch(document.text, edited.text)
    assert remove(edited, _join(parent, "new")).text == document.text
    _group(tree, parent)["new"] = tree_of(group)
    return edited


def _remove(random: Random, document: Document, tree: Tree) -> Document | None:
    settings_ = all_named(document)
    if not settings_:
        return None
    setting = random.choice(settings_)
    edited = remove(document, setting.path)
    del _group(tree, _parent(setting))[setting.name]
    return edited


def _rename(random: Random, document: Document, tree: Tree) -> Document | None:
    settings_ = all_named(document)
    if not settings_:
        return None
    setting = random.choice(settings_)
    edited = rename(document, setting.path, "new")
    assert rename(edited, _join(_parent(setting), "new"), str(setting.name)).text == document.text
    inside = _group(tree, _parent(setting))
    inside["new"] = inside.pop(setting.name)
    return edited


def _parent_kind(document: Document, setting: Setting) -> Kind | None:
    parent = document.get(_parent(setting))
    return parent.kind if parent is not None else None


def _parent(setting: Setting) -> str:
    return setting.path.rpartition(".")[0]


EDITS: tuple[Callable[[Random, Document, Tree], Document | None], ...] = (
    _set,
    _set,
    _insert,
    _insert,
    _copy,
    _remove,
    _rename,
)


def _edited(random: Random, document: Document) -> Document:
    """The document after one random edit; all that can be seen without another reader is checked."""
    while True:
        intended = tree_of(document.root)
        edited = random.choice(EDITS)(random, document, intended)
        if edited is None:
            continue
        assert exactly(tree_of(edited.root)) == exactly(intended)
        assert parse(edited.text).parsed.root == edited.parsed.root
        return edited


@settings(max_examples=150, deadline=None)
@given(RANDOMS)
def test_an_edit_makes_the_intended_change_and_what_is_added_comes_off_again(random: Random) -> None:
    _edited(random, _made(random))


FRAGMENTS = (
    "",
    ";",
    ",",
    "}",
    "{",
    "a",
    "a = 1",
    "b = 2;",
    " ",
    "\n",
    '"',
    "/*",
    "*/",
    "//",
    "#",
    "1",
    "[",
    ")",
    "=",
    "x: {};",
)


@settings(max_examples=300, deadline=None)
@given(RANDOMS)
def test_any_text_in_place_of_any_stretch_is_read_as_the_whole_text_would_be(random: Random) -> None:
    document = _made(random)
    for _ in range(10):
        start = random.randint(0, len(document.text))
        end = random.choice((start, min(len(document.text), start + random.randint(0, 40))))
        edit = TextEdit(start, end, "".join(random.choices(FRAGMENTS, k=random.randint(1, 3))))
        try:
            whole = parse(edit.applied(document.text))
        except ConfigSyntaxError as error:
            with pytest.raises(ConfigSyntaxError, match=f"^{re.escape(str(error))}$"):
                document.with_edit(edit)
        else:
            edited = document.with_edit(edit)
            assert edited.text == whole.text
            assert (edited.parsed.root, edited.parsed.unclosed) == (whole.parsed.root, whole.parsed.unclosed)
            document = edited


def test_what_an_edit_does_not_touch_is_not_read_again(cluster: Path) -> None:
    document = load(cluster)
    edited = set_value(document, "primus.hsms.hsm1.slots.slot0.id", 77)
    for path, kept in {"primus.hsms.hsm2": True, "primus.hsms.hsm1": False, "primus.log": True}.items():
        old, new = document.get(path), edited.get(path)
        assert old is not None
        assert new is not None
        assert (new.node is old.node) is kept


def test_the_c_library_reads_back_300_random_edits_with_exactly_the_intended_change(
    witness: Witness, cluster: Path, standalone: Path
) -> None:
    random = Random(20240)
    edited: list[Document] = []
    templates = [load(cluster), load(standalone)]
    while len(edited) < 300:
        document = random.choice([*templates, _made(random)])
        for _ in range(3):
            document = _edited(random, document)
            edited.append(document)
            if any(setting.name == "new" for setting in document.walk()):
                break
    verdicts = witness.read([encode(document.text) for document in edited])
    for document, said in zip(edited, verdicts, strict=True):
        assert said.accepted, document.text
        assert exactly(said.tree()) == exactly(tree_of(document.root)), document.text


def test_libconf_reads_back_random_edits_of_the_vendors_templates(cluster: Path, standalone: Path) -> None:
    random = Random(7)
    for template in (load(cluster), load(standalone)):
        for _ in range(25):
            document = _edited(random, template)
            assert _plain(libconf.loads(document.text)) == _plain(tree_of(document.root))


def _plain(tree: Any) -> Any:
    """Values as libconf has them, whichever of the two trees it is."""
    if isinstance(tree, dict):
        return {name: _plain(inner) for name, inner in tree.items()}
    if isinstance(tree, tuple):
        return _plain(tree[1])
    return repr(int(tree) if isinstance(tree, int) and not isinstance(tree, bool) else tree)
