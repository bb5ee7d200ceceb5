"""Names of elliptic curves, and points as tokens give them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from ppinui.pkcs11.curves import CURVES, bare_point, curve_name, dotted


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("06082a8648ce3d030107", "P-256"),
        ("06052b81040022", "P-384"),
        ("06052b8104000a", "secp256k1"),
        ("06032b6570", "Ed25519"),
        ("130c656477617264733235353139", "Ed25519"),
        ("06092b240303020801010b", "brainpoolP384r1"),
        ("06032a0304", "1.2.3.4"),
        ("", "own parameters"),
        ("30820100", "own parameters"),
        ("0608aabb", "own parameters"),
    ],
)
def test_a_curve_is_called_by_its_name(parameters: str, name: str) -> None:
    assert curve_name(bytes.fromhex(parameters)) == name


@pytest.mark.parametrize("identifier", CURVES)
def test_the_names_are_those_of_others(identifier: str) -> None:
    try:
        name = ec.get_curve_for_oid(ObjectIdentifier(identifier)).name
    except LookupError:
        assert CURVES[identifier] in {"Ed25519", "Ed448", "X25519", "X448"}
        return
    assert name.lower() == CURVES[identifier].replace("P-", "secp").lower() + (
        "r1" if "P-" in CURVES[identifier] else ""
    )


@given(st.binary(max_size=200))
def test_a_wrapped_point_is_the_bare_one(point: bytes) -> None:
    length = len(point)
    head = bytes([4, length]) if length < 128 else bytes([4, 0x81, length])

    assert bare_point(head + point) == point


@pytest.mark.parametrize("length", [57, 65, 97, 133])
def test_a_bare_point_stays_as_it_is(length: int) -> None:
    point = b"\x04" + bytes(length - 1)

    assert bare_point(point) == point


@given(st.binary(max_size=20))
def test_whatever_a_token_says_has_a_name(parameters: bytes) -> None:
    assert curve_name(parameters)
    dotted(parameters)
