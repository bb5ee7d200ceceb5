"""TOML files as people write them, for properties: any layout, comments, quotes and line ends."""

from __future__ import annotations

from hypothesis import strategies as st

BLANKS = st.sampled_from(["", " ", "  ", "\t"])
COMMENTS = st.sampled_from(["", "# a comment", "# hsm_slot = [7]  ", "# \"quoted\" and 'so' [ { é"])
WORDS = st.text("aZ09 #\"'\\[]{},=<>é€𝄞\t", max_size=12)
ADMINS = st.sampled_from(['["admin"]', '[ "a", "b" ] # who'])
SLOT_IDS = st.integers(0, 2**31)


@st.composite
def texts(draw: st.DrawFn, words: st.SearchStrategy[str] = WORDS) -> str:
    """A text in one of TOML's four sorts of quotes that fit it."""
    word = draw(words)
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    forms = [f'"{escaped}"', f'"""{escaped}"""']
    if "'" not in word:
        forms += [f"'{word}'", f"'''{word}'''"]
    return draw(st.sampled_from(forms))


@st.composite
def arrays(draw: st.DrawFn, elements: list[str]) -> str:
    """An array of these elements: on one line or on several, with or without a comma behind the last."""
    if draw(st.booleans()):
        gap = draw(BLANKS)
        between = f"{draw(BLANKS)},{draw(BLANKS)}"
        last = f"{draw(BLANKS)}," if elements and draw(st.booleans()) else ""
        return f"[{gap}{between.join(elements)}{last}{gap}]"
    lines = ["["]
    for number, element in enumerate(elements):
        comma = "," if number < len(elements) - 1 or draw(st.booleans()) else ""
        lines.append(f"    {element}{comma} {draw(COMMENTS)}".rstrip(" "))
        if draw(st.booleans()):
            lines.append(f"  {draw(COMMENTS)}".rstrip(" "))
    return "\n".join([*lines, draw(BLANKS) + "]"])


OTHERS = st.sampled_from(
    [
        "port = 9998",
        "at = 1979-05-27 07:32:00Z # a date with a blank",
        'rust_log = "info,cosmian_kms=info"',
        "ratio=-1.5e3",
        'list = [ ["a]", { b = [1, 2], "c.d" = "}" } ], [] ]',
        "point = { x = 1, y.z = '#' }",
        'a."b c".d = true',
        'long = """\nhsm_slot = [1]\n"quotes" \\"""\n"""',
        "raw = '''\nhsm_password = ['x']\n'''",
    ]
)


@st.composite
def kms_files(draw: st.DrawFn) -> tuple[str, str, tuple[int, ...], tuple[str, ...]]:
    """A kms.toml with one HSM: its text, the table of the HSM ("" or "hsm_instances"), slots, passwords."""
    ids = tuple(draw(st.lists(SLOT_IDS, max_size=4, unique=True)))
    passwords = tuple(draw(WORDS) for _ in ids)
    written = [draw(texts(st.just(word))) for word in passwords]
    sign = st.sampled_from(["=", " = ", "   =  "])
    settings = [
        f'hsm_model{draw(sign)}"other"',
        f"hsm_admin{draw(sign)}{draw(ADMINS)}",
        f"hsm_slot{draw(sign)}{draw(arrays([str(number) for number in ids]))}",
        f"hsm_password{draw(sign)}{draw(arrays(written))}",
    ]
    settings = [f"{one}{draw(BLANKS)} {draw(COMMENTS)}".rstrip() for one in draw(st.permutations(settings))]
    before = draw(st.lists(OTHERS, max_size=2, unique=True))
    after = draw(st.lists(OTHERS, max_size=2, unique=True))
    table = draw(st.sampled_from(["", "hsm_instances"]))
    head = ["[[hsm_instances]]  # the only one"] if table else []
    middle = [draw(COMMENTS), *head, *settings, "", draw(COMMENTS)]
    tail = ["", "[db]", *after, "", "[ http . x ]", "y = 1"] if draw(st.booleans()) else []
    text = "\n".join([*before, *middle, *tail]) + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))), table, ids, passwords
