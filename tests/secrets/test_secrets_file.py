""".secrets.cfg: entries are opaque, and what is put together again has not changed by a byte."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppinui.libconfig.document import parse
from ppinui.secrets import secrets_file
from ppinui.secrets.secrets_file import FileEntry, SecretsFileError
from ppinui.secrets.stored_secret import SecretKind, StoredSecret

SAMPLE = """\
version = "1.0";

/* written by ppin */
primus:
{
    users:
    {
        user0:
        {
            name = "PART-1";
            secret = "A1B2C3\\x01";   # blinded
            blind  = 0x00FF;
        };
        user1 = { name = "PART-2"; secret = "D4E5"; }
        user2: { name = "SERVICE"; secret = "F6"; kind = [1, 2]; }; // the proxy
    };
    unknown = 7L;
};
"""
PARTITIONS = ("PART-1", "PART-2")
PROXIES = ("SERVICE",)


def read(text: str) -> tuple[FileEntry, ...]:
    return secrets_file.read(text, ".secrets.cfg", partitions=PARTITIONS, proxies=PROXIES)


def stored(entries: tuple[FileEntry, ...]) -> list[StoredSecret]:
    return [StoredSecret(entry.kind, entry.name, entry=entry.opaque) for entry in entries]


def composed(*entries: FileEntry) -> str:
    return secrets_file.compose(stored(entries)).decode("utf-8", "surrogateescape")


def test_partitions_and_proxies_are_found_and_told_apart() -> None:
    assert [(entry.kind, entry.name) for entry in read(SAMPLE)] == [
        (SecretKind.PERMANENT, "PART-1"),
        (SecretKind.PERMANENT, "PART-2"),
        (SecretKind.PROXY, "SERVICE"),
    ]


def test_a_partition_that_primus_cfg_does_not_know_is_found_too() -> None:
    entries = secrets_file.read(SAMPLE, "f", partitions=(), proxies=())
    assert [entry.kind for entry in entries] == [SecretKind.PERMANENT] * 3


@pytest.mark.parametrize(
    "proxies",
    [
        'proxies: { proxy0: { name = "SERVICE"; x = "1"; }; };',
        'service_users: { user0: { name = "SERVICE"; x = "1"; }; };',
        'others: { a: { name = "SERVICE"; x = "1"; }; };',
        'users: { user0: { name = "SERVICE"; x = "1"; }; };',
    ],
)
def test_a_proxy_is_found_wherever_it_is_written(proxies: str) -> None:
    text = 'version = "1.0"; primus: { ' + proxies + " };"
    (entry,) = read(text)
    assert (entry.kind, entry.name) == (SecretKind.PROXY, "SERVICE")
    assert composed(entry) == text


def test_a_partition_and_a_proxy_may_have_the_same_name() -> None:
    text = 'primus: { users: { user0: { name = "X"; }; }; proxies: { p0: { name = "X"; }; }; };'
    entries = secrets_file.read(text, "f", partitions=("X",), proxies=("X",))
    assert [entry.kind for entry in entries] == [SecretKind.PERMANENT, SecretKind.PROXY]
    assert composed(*entries) == text


def test_what_is_no_entry_stays_where_it_is() -> None:
    text = 'primus: { other: { a: { name = "odd"; }; }; users: { user0: { name = "PART-1"; }; }; };'
    assert [entry.name for entry in read(text)] == ["PART-1"]
    assert composed(*read(text)) == text


def test_an_entry_is_its_text_and_the_frame_has_nothing_of_it() -> None:
    entry = read(SAMPLE)[1]
    assert entry.opaque.group.reveal_bytes() == b'user1 = { name = "PART-2"; secret = "D4E5"; }'
    frame = entry.opaque.frame.reveal_bytes()
    assert b"D4E5" not in frame
    assert b"A1B2C3" not in frame
    assert b"unknown = 7L;" in frame


def test_import_then_export_changes_no_byte() -> None:
    assert composed(*read(SAMPLE)) == SAMPLE
    assert composed(*reversed(read(SAMPLE))) == SAMPLE


@pytest.mark.parametrize(
    "text",
    [
        SAMPLE.replace("\n", "\r\n"),
        SAMPLE.replace("    ", "\t"),
        SAMPLE.rstrip("\n"),
        SAMPLE.replace("PART-2", "Gen\udce8ve"),
        secrets_file.EMPTY,
        "",
    ],
)
def test_line_ends_tabs_and_odd_bytes_survive(text: str) -> None:
    entries = read(text)
    assert composed(*entries) == (text if entries else secrets_file.EMPTY)


names = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8)
blinded = st.text(string.hexdigits, max_size=40)
space = st.sampled_from(["", " ", "\n  ", "\t", "\r\n", " /* c */ ", " # c\n", " // c\n"])


@given(st.data())
def test_any_file_of_the_documented_shape_survives(data: st.DataObject) -> None:
    users = data.draw(st.lists(names, unique=True, max_size=4))
    pieces = ['version = "1.0";', data.draw(space), "primus:", data.draw(space), "{ users = {"]
    for number, user in enumerate(users):
        name = user.replace("\\", "\\\\").replace('"', '\\"')
        pieces += [data.draw(space), f" user{number}", data.draw(space), ":", data.draw(space)]
        pieces += [f'{{ name = "{name}";', data.draw(space), f'v = "{data.draw(blinded)}"', data.draw(space)]
        pieces += ["}", data.draw(st.sampled_from(["", ";", " ;", ","]))]
    text = "".join([*pieces, "\n}; };", data.draw(space)])
    entries = secrets_file.read(text, "f", partitions=users, proxies=())
    assert [entry.name for entry in entries] == users
    if entries:
        assert composed(*entries) == text


def test_a_file_for_one_partition_holds_no_other_secret() -> None:
    text = composed(read(SAMPLE)[0], read(SAMPLE)[2])
    assert "D4E5" not in text
    assert [entry.name for entry in read(text)] == ["PART-1", "SERVICE"]
    assert "unknown = 7L" in text


def test_a_secret_that_was_fetched_anew_takes_its_old_place() -> None:
    fetched = (
        'version = "1.0"; primus: { users: { user0: { name = "PART-2"; secret = "NEW"; }; }; unknown = 7L; };'
    )
    old = read(SAMPLE)
    text = composed(old[0], read(fetched)[0], old[2])
    expected = SAMPLE.replace(
        'user1 = { name = "PART-2"; secret = "D4E5"; }', 'user1: { name = "PART-2"; secret = "NEW"; };'
    )
    assert text == expected


def test_a_new_partition_gets_the_next_free_number() -> None:
    one = 'version = "1.0"; primus: { users: { user0: { name = "PART-1"; secret = "1"; }; }; };'
    other = 'version = "1.0"; primus: { users: { user0: { name = "PART-2"; secret = "2"; }; }; };'
    text = composed(*read(one), *read(other))
    document = parse(text)
    assert [entry.name for entry in read(text)] == ["PART-1", "PART-2"]
    setting = document.get("primus.users.user1.secret")
    assert setting is not None
    assert setting.value == "2"


def test_a_proxy_of_another_shape_finds_its_group() -> None:
    one = 'version = "1.0"; primus: { users: { user0: { name = "PART-1"; secret = "1"; }; }; };'
    other = 'version = "1.0"; primus: { proxies: { proxy0: { name = "SERVICE"; secret = "2"; }; }; };'
    text = composed(*read(one), *read(other))
    assert [(entry.kind, entry.name) for entry in read(text)] == [
        (SecretKind.PERMANENT, "PART-1"),
        (SecretKind.PROXY, "SERVICE"),
    ]


def test_secrets_whose_surroundings_differ_are_not_thrown_together() -> None:
    one = 'version = "1.0"; primus: { salt = "SALT1"; users: { user0: { name = "PART-1"; }; }; };'
    other = 'version = "1.0"; primus: { salt = "SALT2"; users: { user0: { name = "PART-2"; }; }; };'
    with pytest.raises(SecretsFileError, match="differ in more than their users") as caught:
        composed(*read(one), *read(other))
    assert caught.value.place == "primus.salt"
    assert "SALT" not in " ".join(caught.value.lines())


def test_where_no_entry_is_recognised_the_whole_file_is_kept() -> None:
    text = 'version = "1.0"; primus: { SERVICE = "blinded"; };'
    assert read(text) == ()
    proxy = StoredSecret(SecretKind.PROXY, "SERVICE", entry=secrets_file.frame_only(text))
    assert secrets_file.compose([proxy]).decode() == text


@pytest.mark.parametrize("text", ['primus: { users: { user0: { secret = "CANARY" oops', '"CANARY"', "CANARY"])
def test_a_broken_file_is_an_error_that_shows_nothing_of_it(text: str) -> None:
    with pytest.raises(SecretsFileError, match="not valid") as caught:
        read(text)
    assert "CANARY" not in " ".join(caught.value.lines())
    assert caught.value.__cause__ is None
    assert caught.value.place.startswith(".secrets.cfg:1:")


def test_two_entries_for_one_user_are_an_error() -> None:
    text = 'primus: { users: { user0: { name = "PART-1"; }; user1: { name = "PART-1"; }; }; };'
    with pytest.raises(SecretsFileError, match="two entries for 'PART-1'"):
        read(text)
