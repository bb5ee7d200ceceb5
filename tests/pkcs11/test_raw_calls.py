"""Calls on a bare function list: what attributes come out, however a module answers for those it lacks."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppinui.pkcs11.raw_calls import CryptokiError, RawCalls, wiped_copy
from ppinui.pkcs11.structures import UNAVAILABLE

SENSITIVE, TYPE_INVALID, TOO_SMALL = 0x11, 0x12, 0x150
DEVICE_ERROR = 0x30


class Answering(RawCalls):
    """C_GetAttributeValue of a module that has these values, and its own way with what it cannot give.

    ``stops``: it looks at nothing behind the first such attribute. ``says_length``: it tells how long a value
    is that does not fit, as older ones do.
    """

    def __init__(self, values: Mapping[int, bytes], *, stops: bool, says_length: bool, code: int) -> None:
        self.values = values
        self.stops = stops
        self.says_length = says_length
        self.code = code
        self.calls = 0

    def _call(self, name: str, *arguments: Any) -> None:
        self.calls += 1
        _session, _handle, asked, count = arguments
        entries = asked if isinstance(asked, ctypes.Array) else [asked._obj]
        failed = 0
        for entry in list(entries)[:count]:
            value = self.values.get(entry.type)
            if value is None:
                entry.length, failed = UNAVAILABLE, self.code
            elif entry.value is None:
                entry.length = len(value)
            elif entry.length < len(value):
                entry.length, failed = len(value) if self.says_length else UNAVAILABLE, TOO_SMALL
            else:
                ctypes.memmove(entry.value, value, len(value))
                entry.length = len(value)
            if failed and self.stops:
                break
        if failed:
            raise CryptokiError(name, failed)


@given(
    values=st.dictionaries(st.integers(1, 12), st.binary(max_size=40)),
    asked=st.dictionaries(st.integers(1, 12), st.sampled_from([9, 16, 64]), min_size=1),
    stops=st.booleans(),
    says_length=st.booleans(),
    code=st.sampled_from([SENSITIVE, TYPE_INVALID]),
)
def test_whatever_a_module_does_about_one_attribute_the_others_come_out(
    values: dict[int, bytes], asked: dict[int, int], stops: bool, says_length: bool, code: int
) -> None:
    module = Answering(values, stops=stops, says_length=says_length, code=code)

    assert module.attributes(1, 2, asked) == {kind: values.get(kind) for kind in asked}


def test_attributes_that_are_all_there_cost_one_call() -> None:
    module = Answering({1: b"\1", 2: bytes(8), 3: b"label"}, stops=True, says_length=False, code=SENSITIVE)

    assert module.attributes(1, 2, {1: 1, 2: 8, 3: 256}) == module.values
    assert module.calls == 1


def test_flags_and_numbers_that_are_not_there_cost_no_other_call() -> None:
    module = Answering({3: b"label"}, stops=False, says_length=False, code=TYPE_INVALID)

    assert module.attributes(1, 2, {1: 1, 2: 8, 3: 256}) == {1: None, 2: None, 3: b"label"}
    assert module.calls == 1


def test_another_failure_is_no_missing_attribute() -> None:
    module = Answering({}, stops=False, says_length=False, code=DEVICE_ERROR)

    with pytest.raises(CryptokiError) as caught:
        module.attributes(1, 2, {1: 1})
    assert (caught.value.function, caught.value.code) == ("C_GetAttributeValue", DEVICE_ERROR)


@pytest.mark.parametrize("pin", [b"1234", bytearray(b"1234")])
def test_a_pins_buffer_is_wiped_behind_the_call(pin: bytes | bytearray) -> None:
    seen = []

    def fail() -> None:
        with wiped_copy(pin) as buffer:
            seen.append(buffer)
            assert buffer.raw == b"1234"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen[0].raw == bytes(4)
    with wiped_copy(b"") as empty:
        assert len(empty) == 1
