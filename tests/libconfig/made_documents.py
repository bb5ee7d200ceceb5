"""Made-up configurations in many styles, values to put into them, and trees to compare them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from ppinui.libconfig.document import Document, Kind, Setting, encode
from tests.libconfig.c_libconfig import Tree

WHOLE_NUMBERS = (0, 1, -1, 7, 255, 2**31 - 1, -(2**31), 2**31, 2**40, -(2**63), 2**63 - 1)
BROKEN_NUMBERS = (0.0, -0.0, 1.5, -2.25, 3.0, 1e300, 1e-7, 1e16)
PIECES = (
    *("a B \" \\ # /* */ // = { } ; é € @include \\n \\x41 % '").split(" "),
    *(" ", "\n", "\t", "\r", "\f", "\v", "\x01", "\x1f", "\x7f", "\udce9", "\u2028", "\u00a0"),
)


def any_scalar(random: Random) -> str | int | float | bool:
    """A value that libconfig can hold, an awkward one more often than not."""
    choice = random.randrange(4)
    if choice == 0:
        return random.choice(WHOLE_NUMBERS)
    if choice == 1:
        return random.choice((True, False))
    if choice == 2:
        return random.choice(BROKEN_NUMBERS)
    return "".join(random.choice(PIECES) for _ in range(random.randrange(7)))


def any_content(random: Random, depth: int = 0) -> Any:
    """A scalar, or a mapping of up to three of them and of groups."""
    if depth == 3 or random.random() < 0.5:
        return any_scalar(random)
    names = random.sample(["id", "host", "slot0", "user_name"], random.randrange(4))
    return {name: any_content(random, depth + 1) for name in names}


def tree_of(setting: Setting) -> Tree:
    """What a setting holds, as the C library is asked for it too."""
    kind = setting.kind
    if kind is Kind.GROUP:
        return kind.value, {child.name: tree_of(child) for child in setting.children}
    if not kind.scalar:
        return kind.value, [tree_of(child) for child in setting.children]
    return kind.value, setting.value


def tree_of_content(content: Any) -> Tree:
    """What a document has to hold where ``content`` was put."""
    if isinstance(content, Mapping):
        return "group", {name: tree_of_content(inner) for name, inner in content.items()}
    if isinstance(content, bool):
        return "bool", content
    if isinstance(content, int):
        return ("int" if -(2**31) <= content < 2**31 else "int64"), content
    if isinstance(content, float):
        return "float", content
    return "string", encode(content).decode("utf-8", "surrogateescape")


def exactly(tree: Tree) -> str:
    """A tree as text, so that 0.0 and -0.0 differ, and the order of a group's settings does not."""
    kind, value = tree
    if isinstance(value, dict):
        return f"{kind}{sorted((name, exactly(inner)) for name, inner in value.items())}"
    if isinstance(value, list):
        return f"{kind}{[exactly(inner) for inner in value]}"
    return f"{kind} {value!r}"


@dataclass(frozen=True)
class _Style:
    newline: str
    unit: str
    sign: str
    opening: str
    brace_alone: bool
    terminator: str


def made_text(random: Random) -> str:
    """A configuration in a style of its own: most are tidy, some are odd, all are valid."""
    style = _Style(
        newline=random.choice(("\n", "\n", "\n", "\r\n")),
        unit=random.choice(("  ", "    ", "   ", "\t", "")),
        sign=random.choice((" = ", "=", " : ", ": ", "\t=\t", "   = ", " =\n ")),
        opening=random.choice((":", " =", " : ", " = ", "=", " /*x*/ : ")),
        brace_alone=random.random() < 0.5,
        terminator=random.choice((";", ";", ";", "", ",", " ;")),
    )
    text = style.newline.join(_lines(random, style, "", 0))
    return text + style.newline if random.random() < 0.7 or "#" in text or "//" in text else text


def _lines(random: Random, style: _Style, indent: str, depth: int) -> list[str]:
    lines: list[str] = []
    for number in random.sample(range(8), random.randrange(5)):
        while random.random() < 0.25:
            lines.append(random.choice((_comment(random, indent), "", indent, "  ")))
        name = f"s{number}"
        if depth < 3 and random.random() < 0.4:
            lines.append(_group(random, style, name, indent, depth))
        else:
            lines.append(_scalar(random, style, name, indent))
    while random.random() < 0.2:
        lines.append(random.choice((_comment(random, indent), "", indent)))
    return lines


def _comment(random: Random, indent: str) -> str:
    body = random.choice(
        (
            "/* about it */",
            "# note",
            "//---------- part",
            "/* two\n lines */",
            "# s1 = 5;",
            "/* s2: { */",
            "# };",
        )
    )
    return indent + body


def _group(random: Random, style: _Style, name: str, indent: str, depth: int) -> str:
    closing = random.choice(
        ("", "", "", f" /* end {name} */", f" # {name}", " /* see above */", f"// {name} ends")
    )
    if random.random() < 0.2:
        inside = random.choice(
            ("", " ", " x = 1; ", "x=1;y=2", " x = 1 y = 2 ", " /* e */ ", " x = { z = 1; }; ")
        )
        return f"{indent}{name}{style.opening}{{{inside}}}{style.terminator}{closing}"
    if style.brace_alone:
        brace = f"{style.newline}{indent}{{"
    else:
        brace = "{" if style.opening.endswith(" ") else " {"
    inside = "".join(line + style.newline for line in _lines(random, style, indent + style.unit, depth + 1))
    return f"{indent}{name}{style.opening}{brace}{style.newline}{inside}{indent}}}{style.terminator}{closing}"


def _scalar(random: Random, style: _Style, name: str, indent: str) -> str:
    raw = random.choice(
        (
            *("1 0x0F 0XffL 5L +3 -7 true FALSE True 1.5 .5 1e3 [] () [1,2,3] [1] (1.5,(true,[1L]))").split(
                " "
            ),
            *(
                '"text"|"a" /* b */ "c"|"q\\x41\\"\\\\"|""|"x\n y"|( 1, "a", { q = 1; } )|["a",\n "b" "c"]'
            ).split("|"),
        )
    )
    line = f"{indent}{name}{style.sign}{raw}{style.terminator}"
    if random.random() < 0.15:
        gap = random.choice((" ", "", "  ")) if style.terminator else " "
        line += f"{gap}{name}x{style.sign}true{style.terminator}"
    if random.random() < 0.3:
        line += random.choice((" /* t */", "   # t", "//t", " /* a\n b */", "  "))
    return line


def crowded(random: Random, text: str) -> str:
    """The text with every second blank and newline left out; it may not be valid any more."""
    return "".join(char for char in text if char not in " \n" or random.random() < 0.5)


def all_named(document: Document) -> list[Setting]:
    """The settings that are no elements."""
    return [setting for setting in document.walk() if setting.name is not None]
