"""Passwords in clear text do not show, in whatever way they stand in a file; all else does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppinui.config.redaction import (
    MASK_CHANGED,
    ClearSecret,
    Looks,
    find_secrets,
    mask,
    masked_diff,
    plain_diff,
)
from ppinui.errors import PpinuiError
from ppinui.libconfig.compatibility import find_warnings
from ppinui.libconfig.document import parse
from ppinui.text import MASK

EXAMPLES = sorted((Path(__file__).parents[1] / "rig" / "examples").glob("*.cfg"))
CANARY = "cAnArY7Xq"

# Texts with {} in the place of a password, which is also where the mask has to be ...
EXACT = [
    'pin = "{}";',
    'pin="{}"',
    'pin : "{}" ;',
    'pin\t:\r\n  "{}";\r\n',
    'pin /* of hsm0 */ = /* as told */ "{}"; # note',
    'pin # why\n = // so\n "{}";',
    'pin = "{}" "{}";',
    'pin = "{}"\n   // and on\n   "{}";',
    'PIN = "{}";',
    'Proxy_Password = "{}";',
    'proxy_password = "{}"; pin = "{}"; host = "h";',
    'a = { pin = "{}" }; b = 1;',
    'pin = [ "{}", "{}" ];',
    'pin = "{}"\nhost = "h"',
    'id = 5/*pin="{}"*/;',
    '# pin = "{}"',
    '#pin="{}"',
    '//pin="{}"\r\n',
    '/*pin="{}"*/',
    '/* proxy_password = "{}";    optional */',
    '/* pin = "{}" */ pin = "{}";',
    '# proxy_password = "{}"\n#    "{}";',
    '# proxy_password =\n#    "{}";',
    "# pin = {}",
    "// PIN={}; user = 5",
    "/* pin = {} */",
    'x = 1; # setup-pin: "{}"',
    'proxy_pasword = "{}";',
    'proxy-password = "{}";',
    'password="{}";',
    'Passwd = "{}";',
    'setup_password = "{}";',
    'proxy_passowrd = "{}";',
    'proxyPassword = "{}";',
    'pins = [ "{}", "{}" ];',
    'so_pin = "{}";',
    'host = "h"; #\n#\n# pin = "{}"\n\n\n/* pin = "{}" */',
    # rejected by libconfig
    'pin "{}";',
    "pin = {};",
    "pin {};",
    'pin = = "{}";',
    'pin := "{}";',
    'host = h";\n# pin = "{}"\n',
    '/* unfinished\npin = "{}";',
    '{ pin = "{}"; ] host = "h";',
    '<pin="{}"/>',
    'host = "h;\nuser = "x;\npin = "{}";',
]
# ... and those that hide more, with what is shown.
WIDER = [
    (r'pin = "{}\"{}\\"; # ok', f'pin = "{MASK}"; # ok'),
    (r'pin = "\"{}\x41\n";', f'pin = "{MASK}";'),
    ('pin = ""; pin = "{}";', f'pin = "{MASK}"; pin = "{MASK}";'),
    ('pin = "one{}\n{}three";', f'pin = "{MASK}\n{MASK}";'),
    ('pin = "one" /* was "{}" */ "two";', f'pin = "{MASK}" /* was "{MASK}" */ "{MASK}";'),
    (
        'pin = ( "{}", 5, { x = true; } ); b = 1;',
        f'pin = ( "{MASK}", {MASK}, {{ {MASK} = {MASK}; }} ); b = 1;',
    ),
    ("# pin = '{}'", f"# pin = {MASK}"),
    ("# old pin: {} (2021)", f"# old pin: {MASK}"),
    ("pin = {} {};", f"pin = {MASK};"),
    ("pin = “{}”;", f"pin = {MASK};"),
    ('pin = "{}', f"pin = {MASK}"),
    ('pin = ( "{}" ;', f"pin = {MASK} ;"),
    ('pin = "{};\nhost = "h";', f'pin = "{MASK}\n{MASK}"h";'),
]


def filled(shape: str, value: str) -> str:
    return shape.replace("{}", value)


@pytest.mark.parametrize("shape", EXACT)
def test_the_mask_stands_where_the_password_stood_and_nothing_else_changes(shape: str) -> None:
    assert mask(filled(shape, CANARY)) == filled(shape, MASK)


@pytest.mark.parametrize(("shape", "shown"), WIDER)
def test_where_more_may_belong_to_the_password_more_is_hidden(shape: str, shown: str) -> None:
    assert mask(filled(shape, CANARY)) == shown


@pytest.mark.parametrize("shape", [*EXACT, *(shape for shape, _ in WIDER)])
def test_what_is_shown_tells_nothing_of_the_password(shape: str) -> None:
    assert mask(filled(shape, "a1")) == mask(filled(shape, "another1-and-a-longer-one"))


@pytest.mark.parametrize(
    "text",
    [
        'host = "pin";',
        'client_id = "my pin = 5";',
        'client_id = "say \\"pin = x\\"";',
        'client_id = "a" "# pin = " "b";',
        'pin-code = "c"; pin_ = "d"; spin = "e"; bypass = "f"; pin_length = 4; compass = "n";',
        "# the pin of the partition",
        "# pinning, spinning: no",
        "",
        "pin",
        "/* pin */",
        "# pin =",
        "# pin =\nhost = 1;",
        'x = ( "pin", "y" );',
    ],
)
def test_a_text_without_a_password_is_shown_as_it_is(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_of_the_vendors_examples_the_placeholder_alone_is_hidden(example: Path) -> None:
    text = example.read_text()

    assert mask(text) == text.replace("SERVICE_PASSWORD", MASK)


SETUP_PASSWORD = "FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3"


@pytest.mark.parametrize(
    "shape",
    [
        "/* setup password: {} */",
        "# call Anna, {}, until May",
        'client_id = "{}";',
        'x = [ "{}" ];',
        "host = {}",
    ],
)
def test_a_setup_password_is_known_by_its_shape_wherever_it_stands(shape: str) -> None:
    assert mask(filled(shape, SETUP_PASSWORD)) == filled(shape, MASK)
    assert masked_diff("", filled(shape, SETUP_PASSWORD), "x").endswith(
        f"+{filled(shape, MASK)}\n\\ No newline at end of file\n"
    )


@pytest.mark.parametrize("text", [f"x{SETUP_PASSWORD}", f"{SETUP_PASSWORD}-ABCDE", SETUP_PASSWORD[:-1]])
def test_what_is_longer_or_shorter_is_no_setup_password(text: str) -> None:
    assert mask(f"# {text}\n") == f"# {text}\n"


def test_a_name_of_any_length_takes_no_time() -> None:
    text = "# " + "a-" * 50_000 + "= 1\n"

    assert mask(text) == text


def test_masking_twice_is_masking_once() -> None:
    for shape in EXACT:
        once = mask(filled(shape, CANARY))
        assert mask(once) == once


# Properties

ORDERLY = [
    f'pin = "{CANARY}";',
    f'proxy_password : "{CANARY}" "{CANARY}";',
    f'# pin = "{CANARY}"\n',
    f"/* PIN={CANARY} */",
    'host = "h";',
    'text = "a \\" b // c /* d */ # e";',
    "group = {",
    "};",
    "n = 5;",
    "\n",
    "\r\n",
    "/* prose */",
    "# prose\n",
    ";",
    'x = "ä\udcff";',
]
DISORDERLY = ['"', "/*", "*/", "\\", "=", "[", ")", "pin", "pin =", "#", "ä\udcff"]
orderly = st.lists(st.sampled_from(ORDERLY), max_size=25).map(" ".join)
disorderly = st.lists(st.sampled_from(ORDERLY + DISORDERLY), max_size=25).map(" ".join)


@given(disorderly)
def test_a_password_never_shows_however_broken_the_text_is(text: str) -> None:
    assert CANARY not in mask(text)


@given(disorderly)
def test_line_numbers_hold(text: str) -> None:
    assert mask(text).count("\n") == text.count("\n")


@given(orderly)
def test_in_a_text_that_parses_only_what_belongs_to_passwords_changes(text: str) -> None:
    try:
        document = parse(text, allow_duplicates=True)
    except PpinuiError:
        return
    if find_warnings(document):  # a quote or a comment without its end
        return

    assert re.sub(CANARY, MASK, text) == mask(text)


@given(disorderly, disorderly)
def test_a_diff_never_shows_a_password(old: str, new: str) -> None:
    assert CANARY not in masked_diff(old, new, "primus.cfg")


@given(st.text(alphabet='pin="\\ \n;#/*{}x', max_size=40))
def test_any_text_can_be_masked_and_diffed(text: str) -> None:
    assert masked_diff(text, text, "x") == ""
    mask(text)


# Diffs

OLD = 'host = "h";\npin = "one-1";\nport = "2310";\n'


def test_a_changed_password_shows_as_a_changed_line_without_either_value() -> None:
    assert masked_diff(OLD, OLD.replace("one-1", "another-longer-2"), "primus.cfg") == (
        "--- primus.cfg\n+++ primus.cfg\n@@ -1,3 +1,3 @@\n"
        f' host = "h";\n-pin = "{MASK}";\n+pin = "{MASK_CHANGED}";\n port = "2310";\n'
    )


def test_a_new_password_and_a_removed_one_show_as_lines() -> None:
    bare = OLD.replace('pin = "one-1";\n', "")

    assert f'+pin = "{MASK}";\n' in masked_diff(bare, OLD, "x")
    assert f'-pin = "{MASK}";\n' in masked_diff(OLD, bare, "x")


def test_a_password_that_moves_is_not_called_changed() -> None:
    moved = masked_diff('pin = "one-1"; # a\n', 'pin = "one-1"; # b\n', "x")

    assert moved.endswith(f'-pin = "{MASK}"; # a\n+pin = "{MASK}"; # b\n')


def test_a_change_beside_a_password_does_not_touch_its_line() -> None:
    shown = masked_diff(OLD, OLD.replace("2310", "2311"), "x")

    assert f' pin = "{MASK}";\n' in shown
    assert '-port = "2310";\n+port = "2311";\n' in shown


def test_equal_texts_have_no_diff() -> None:
    assert masked_diff(OLD, OLD, "x") == ""


def test_a_diff_with_passwords_shows_them_to_who_asked() -> None:
    assert '-pin = "one-1";\n+pin = "two-2";\n' in plain_diff(OLD, OLD.replace("one-1", "two-2"), "x")


@given(
    st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\r\n", "\n"]), max_size=30),
    st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\r\n", "\n", "e"]), max_size=30),
)
def test_a_diff_applies_with_patch(old: list[str], new: list[str]) -> None:
    before, after = "".join(old), "".join(new)

    assert patched(before, plain_diff(before, after, "x")) == after


def patched(text: str, diff: str) -> str:
    """What ``patch`` makes of a unified diff, in a few lines."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    out: list[str] = []
    position = 0
    for hunk in re.finditer(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@\n((?:[ +\-\\].*\n)+)", diff):
        count = int(hunk[2] if hunk[2] is not None else 1)
        start = int(hunk[1]) - (1 if count else 0)
        out += lines[position:start]
        position = start + count
        body = hunk[3].replace("\n\\ No newline at end of file\n", "")
        out += [line[1:] for line in re.findall(r"[^\n]*\n|[^\n]+", body) if line[0] in " +"]
    return "".join([*out, *lines[position:]])


def test_a_last_line_without_its_newline_is_shown_as_diff_does() -> None:
    assert masked_diff("a\nb", "a\nc", "x").endswith(
        " a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )


# What is found


def only_secret(text: str) -> ClearSecret:
    (secret,) = find_secrets(text)
    return secret


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ('pin = "FXAJX-XWVQ3-DC0O5";', Looks.REAL),
        ('pin = "secret";', Looks.REAL),
        ("pin = 1234;", Looks.REAL),
        ('pin = "" "x1";', Looks.REAL),
        ('pin = "";', Looks.PLACEHOLDER),
        ('# pin = "SETUP_PASSWORD"', Looks.PLACEHOLDER),
        ('# pin = "<your password>"', Looks.PLACEHOLDER),
        ('# pin = "xxxxx"', Looks.PLACEHOLDER),
        ('# pin = "****"', Looks.PLACEHOLDER),
        (f'# pin = "{MASK}"', Looks.PLACEHOLDER),
        ("# pin: spent in May", Looks.PROSE),
        ("# pin: FXAJX-XWVQ3", Looks.REAL),
        ("# pin = 'two words'", Looks.REAL),
        (f"# pin: the old one was {SETUP_PASSWORD}", Looks.REAL),
        (f"# {SETUP_PASSWORD}", Looks.REAL),
        ("# XXXXX-XXXXX-XXXXX-XXXXX-XXXXX", Looks.PLACEHOLDER),
    ],
)
def test_a_placeholder_and_prose_are_told_from_a_password(text: str, looks: Looks) -> None:
    assert only_secret(text).looks is looks


def test_a_secret_knows_where_it_stands_and_not_what_it_is() -> None:
    text = f'host = "h"; Pin = "{CANARY}" "{CANARY}";'

    secret = only_secret(text)

    assert secret.name == "pin"
    assert text[secret.start :].startswith("Pin")
    assert [text[slice(*span)] for span in secret.spans] == [CANARY, CANARY]
    assert not secret.in_comment
    assert CANARY not in repr(secret)


def test_secrets_in_comments_say_so() -> None:
    assert [secret.in_comment for secret in find_secrets('pin = "a1"; # pin = "b1"')] == [False, True]


def test_a_password_whose_quote_never_ends_is_found_once() -> None:
    assert only_secret('pin = "one;\n').name == "pin"
    assert only_secret('pin = "one;\nhost = 5;\nport = 7;\n').name == "pin"
