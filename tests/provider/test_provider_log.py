"""Reading the provider's log: the code behind a general answer."""

from __future__ import annotations

from ppinui.provider.provider_log import read_log

DOCUMENTED = b"""\
2021-04-07 21:30:20.972 - pkcs11-tool[74481:74481] - 3 - HSM_Hello() - rv: 0x8000004e
2021-04-07 21:30:20.972 - pkcs11-tool[74481:74481] - 3 - HSM_Hello() - rv: 0x5
2021-04-07 21:30:20.973 - pkcs11-tool[74481:74481] - 3 - C_GetSlotInfo() - rv: 0xe0
"""


def test_the_documented_log_of_a_failed_connection_gives_the_vendors_code() -> None:
    found = read_log(DOCUMENTED)
    assert (found.code, found.function) == (0x8000004E, "HSM_Hello")


def test_a_log_of_pkcs11_values_alone_gives_none() -> None:
    assert read_log(b"C_GetSlotInfo() - rv: 0xe0\n").code is None


def test_the_last_vendor_code_wins() -> None:
    assert read_log(b"a() - rv: 0x80000018\nb() - rv: 0xC0000001\nc() - rv: 0x5\n").code == 0xC0000001


def test_the_fields_around_it_may_be_switched_off() -> None:
    found = read_log(b"3 - rv: 0x8000003b\n")
    assert (found.code, found.function) == (0x8000003B, None)


def test_texts_of_failed_logins_and_broken_connections_are_seen() -> None:
    found = read_log(b"Failed to login on HSM 10.0.0.1:2310 (slot: 0)\nreceive failed errno 104\n")
    assert found.failed_login
    assert found.errno == 104


def test_an_empty_or_binary_log_is_no_trouble() -> None:
    for content in (b"", b"\xff\x00\n", b"rv: 0x"):
        found = read_log(content)
        assert (found.code, found.errno, found.failed_login) == (None, None, False)
