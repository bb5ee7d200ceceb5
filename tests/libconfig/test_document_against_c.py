"""Whatever text comes: it comes back unchanged, and is read as the C library reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppinui.libconfig.document import ConfigSyntaxError, parse
from ppinui.libconfig.edit import remove, rename, set_value
from ppinui.libconfig.includes import IncludeFiles, Source, decode
from ppinui.libconfig.insert import insert
from ppinui.libconfig.parser import ParsedText, parse_source
from tests.libconfig.c_libconfig import Witness
from tests.libconfig.made_documents import exactly, made_text, tree_of

NAMES_AND_SIGNS = "a b A-*_9 * true FALSE True1 = : ; , { } [ ] ( ) L x e5 _ \\ @ @include"
VALUES = (
    '1 -2 +3 0x1F 0XffL 1L 2LL 99999999999 1.5 . .e1 1e5 -1.E-3 007 0b1 "x" "a\\n\\x41\\q" "\\\\" "\\"" "'
)
MARKS = "# // /* /**/ */ /"
TOKENS = (
    *NAMES_AND_SIGNS.split(" "),
    *VALUES.split(" "),
    *MARKS.split(" "),
    *(
        " ",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "\f",
        "\v",
        "# c\n",
        "// d\n",
        "\0",
        "\udce9",
        '"\udce9"',
        '"\0z"',
        "ü",
    ),
)
LIKELY = (
    "a=1;",
    'b:"x";',
    "c={",
    "};",
    "d=(1,2);",
    "e=[1,2]",
    "f=(",
    ");",
    "1,",
    "g=1.5 ",
    "h = true\n",
    "# c\n",
)
RANDOMS = st.builds(Random, st.integers(0, 2**32))


def _reads_alike(texts: list[str], witness: Witness) -> int:
    """How many were accepted, by both."""
    accepted = 0
    for text, said in zip(
        texts, witness.read([text.encode(errors="surrogateescape") for text in texts]), strict=True
    ):
        try:
            document = parse(text)
        except ConfigSyntaxError:
            assert not said.accepted, text
            continue
        assert document.text == text
        assert said.accepted, text
        assert exactly(tree_of(document.root)) == exactly(said.tree()), text
        accepted += 1
    return accepted


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(TOKENS + LIKELY), max_size=14).map("".join), min_size=10, max_size=40)
)
def test_any_row_of_tokens_is_read_as_the_c_library_reads_it(witness: Witness, texts: list[str]) -> None:
    _reads_alike(texts, witness)


@settings(max_examples=40, deadline=None)
@given(RANDOMS)
def test_any_made_up_configuration_survives(witness: Witness, random: Random) -> None:
    texts = [made_text(random) for _ in range(5)]
    assert _reads_alike(texts, witness) == len(texts)


def test_torn_copies_of_the_vendors_templates_are_read_as_the_c_library_reads_them(
    witness: Witness, cluster: Path, standalone: Path
) -> None:
    random = Random(1)
    texts = [_torn(random, decode(path.read_bytes())) for path in (cluster, standalone) for _ in range(300)]
    accepted = _reads_alike(texts, witness)
    assert 50 < accepted < 550, "some of the texts should be valid and some not"


def _torn(random: Random, text: str) -> str:
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(text) + 1)
        if random.random() < 0.4:
            text = text[:at] + text[at + random.randrange(1, 4) :]
        else:
            text = text[:at] + random.choice(TOKENS) + text[at:]
    return text


@settings(max_examples=100, deadline=None)
@given(RANDOMS, st.booleans())
def test_the_quick_reader_and_the_exact_one_build_the_same_tree(random: Random, torn: bool) -> None:
    text = made_text(random)
    if torn:
        text = _torn(random, text)
    assert _read(text, plain=True) == _read(text, plain=False)


def _read(text: str, *, plain: bool) -> ParsedText | None:
    try:
        parsed = parse_source(Source("x", text), IncludeFiles(None), allow_duplicates=False, plain=plain)
    except ConfigSyntaxError:
        return None
    return parsed._replace(flat=parsed.flat._replace(segments=()))


@pytest.mark.parametrize(
    ("deepest", "nested"),
    [
        (1999, lambda levels: b"a={" * levels + b"}" * levels),
        (1998, lambda levels: b"a={" * levels + b"x=1;y=2" + b"};" * levels),
        (1666, lambda levels: b"x=1;a={" * levels + b"}" * levels),
        (4996, lambda levels: b"a=" + b"(" * levels + b")" * levels),
        (2497, lambda levels: b"a=" + b"(1," * levels + b"(1)" + b")" * levels),
        (2498, lambda levels: b"a=" + b"(1,2," * levels + b'"a""b"' + b")" * levels),
        (4994, lambda levels: b"a=" + b"(" * levels + b'["a","b""c"]' + b")" * levels),
        (1249, lambda levels: b"a=({b=2;" * levels + b"})" * levels),
    ],
    ids=["groups", "settings", "siblings", "lists", "elements", "strings", "arrays", "all"],
)
def test_nesting_ends_where_the_stack_of_the_c_parser_does(
    witness: Witness, deepest: int, nested: Callable[[int], bytes]
) -> None:
    texts = [nested(deepest), nested(deepest + 1)]
    assert [said.accepted for said in witness.read(texts)] == [True, False]
    parse(decode(texts[0]))
    with pytest.raises(ConfigSyntaxError, match="one level of nesting too many"):
        parse(decode(texts[1]))


def test_edits_work_at_any_depth() -> None:
    text = "a={" * 1500 + "b=1;" + "}" * 1500
    path = ".".join(["a"] * 1500)
    document = rename(insert(set_value(parse(text), f"{path}.b", 2), path, "c", {"d": 1}), f"{path}.b", "e")
    assert document.text == "a={" * 1500 + "e=2; c={d=1;}" + "}" * 1500
    assert remove(remove(document, f"{path}.c"), f"{path}.e").text == "a={" * 1500 + "}" * 1500
