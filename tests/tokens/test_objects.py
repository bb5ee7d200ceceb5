"""What is on a token is said as it is, quickly, and as other programs see it."""

from __future__ import annotations

import multiprocessing
import subprocess
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ppinui.pkcs11.object_attributes import Attribute, ObjectClass
from ppinui.secrets.secret import Secret
from ppinui.tokens.certificates import Validity
from ppinui.tokens.export import as_pem, choose
from ppinui.tokens.module_client import Interrupted
from ppinui.tokens.objects import ObjectList, TokenObject, count_objects, list_objects
from ppinui.tokens.signing_check import make_test_key, remove_test_keys
from ppinui.tokens.slot_list import find_slot
from ppinui.tokens.token_errors import TokenError
from ppinui.tokens.token_refusal import TokenRefusal
from tests.rig.odd_module import Switches, answers
from tests.rig.patience import patient
from tests.rig.softhsm import USER_PIN, SoftHsm, make_softhsm
from tests.rig.softhsm_fill import fill
from tests.tokens.made_certificates import NOW, certificate
from tests.tokens.module_rig import MakeOdd, MakeTokens, StopAfter, look_at, reach, reach_odd, witness_of

LABEL = "PAYMENTS"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """A token with keys of several kinds, a certificate and a data object, made by pkcs11-tool."""
    folder = tmp_path_factory.mktemp("filled")
    hsm = make_softhsm(folder / "hsm", [LABEL])
    witness = witness_of(hsm)
    for arguments in (
        ("--keypairgen", "--key-type", "EC:prime256v1", "--label", "sign", "--id", "0a"),
        ("--keypairgen", "--key-type", "EC:secp384r1", "--label", "sign384", "--id", "0b"),
        ("--keypairgen", "--key-type", "rsa:2048", "--label", "rsa", "--id", "0c"),
        ("--keypairgen", "--key-type", "EC:edwards25519", "--label", "ed", "--id", "0d"),
        ("--keygen", "--key-type", "AES:32", "--label", "wrap", "--id", "0e", "--extractable"),
    ):
        witness.do(LABEL, USER_PIN, *arguments)
    (folder / "cert.der").write_bytes(certificate(20))
    (folder / "data").write_bytes(b"12345")
    files = (("cert", "cert.der", "www"), ("data", "data", "notes"))
    for kind, file, label in files:
        witness.do(LABEL, USER_PIN, "-w", str(folder / file), "-y", kind, "--label", label, "--id", "0f")
    return hsm


def listed(hsm: SoftHsm, *, pin: str | None = USER_PIN) -> ObjectList:
    return list_objects(reach(hsm), look_at(hsm, LABEL), None if pin is None else Secret(pin))


def one(found: ObjectList, kind: str, label: str) -> TokenObject:
    (wanted,) = (each for each in found.objects if (each.kind, each.label) == (kind, label))
    return wanted


def test_keys_are_described(filled: SoftHsm) -> None:
    found = listed(filled)

    private, public = one(found, "private key", "sign"), one(found, "public key", "sign")
    assert (private.type, private.size, private.id, private.private) == ("EC", "P-256", "0a", True)
    assert (public.type, public.size, public.id, public.private) == ("EC", "P-256", "0a", False)
    assert "sign" in private.uses
    assert "verify" in public.uses
    assert private.leaving == "never left the token, and cannot"
    assert public.leaving is None
    rsa = one(found, "private key", "rsa")
    assert (rsa.type, rsa.size) == ("RSA", "2048 bits")
    aes = one(found, "secret key", "wrap")
    assert (aes.type, aes.size, aes.extractable) == ("AES", "256 bits", True)
    assert aes.leaving in {"can leave the token wrapped", "can leave the token in the clear"}
    assert one(found, "private key", "ed").size == "Ed25519"
    data = one(found, "data", "notes")
    assert (data.size, data.type, data.uses) == ("5 bytes", None, ())
    assert found.complete
    assert found.found == len(found.objects) == 11


def test_private_objects_are_seen_after_a_login_only(filled: SoftHsm) -> None:
    found = listed(filled, pin=None)

    assert not found.logged_in
    assert {each.kind for each in found.objects} == {"public key", "certificate", "data", "secret key"} - (
        {"secret key"} if one(listed(filled), "secret key", "wrap").private else set()
    )
    assert count_objects(reach(filled), look_at(filled, LABEL)) == len(found.objects)


def test_values_of_keys_and_data_are_not_asked_for(filled: SoftHsm) -> None:
    shown = repr(listed(filled)) + str([each.as_json() for each in listed(filled).objects])

    assert "12345" not in shown.replace(str(look_at(filled, LABEL).id), "")
    assert b"12345".hex() not in shown


def test_a_certificate_says_whose_it_is_and_when_it_ends(filled: SoftHsm) -> None:
    found = one(listed(filled), "certificate", "www").certificate

    assert found is not None
    assert (found.subject, found.issuer) == ("CN=www.example.com", "CN=www.example.com")
    assert (found.not_before, found.not_after) == (NOW, NOW + timedelta(days=20))
    assert found.serial == "1267"
    assert found.validity(NOW) is Validity.EXPIRES_SOON
    assert found.validity(NOW, timedelta(days=10)) is Validity.VALID
    assert found.validity(NOW + timedelta(days=21)) is Validity.EXPIRED
    assert found.validity(NOW - timedelta(days=1)) is Validity.NOT_YET


def odd_certificate(of: bytes, was: str, becomes: str) -> TokenObject:
    """One with some of its bytes (hexadecimal) changed."""
    assert bytes.fromhex(was) in of
    value = of.replace(bytes.fromhex(was), bytes.fromhex(becomes), 1)
    kind = {Attribute.CERTIFICATE_TYPE: bytes(8)}
    return TokenObject(ObjectClass.CERTIFICATE, {**kind, Attribute.VALUE: value})


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("a003020102", "a003020101"),  # version 2, of which there are some
        ("a003020102", "a003020109"),  # a version that there is not
        ("0603550403" + "0c", "0603550403" + "03"),  # a name of bits
        ("3082", "3182"),
    ],
)
def test_a_certificate_that_cannot_be_read_is_one_without_details(was: str, becomes: str) -> None:
    broken = odd_certificate(certificate(20), was, becomes)

    assert broken.certificate is None
    assert broken.as_json()["certificate"] is None
    assert not broken.has("example")


def test_a_certificate_of_an_unknown_version_is_not_exported() -> None:
    with pytest.raises(TokenRefusal, match="cannot be written as PEM"):
        as_pem(odd_certificate(certificate(20), "a003020102", "a003020109"), "here")


@pytest.mark.filterwarnings("error")
def test_an_odd_serial_number_is_nobodys_business() -> None:
    found = odd_certificate(certificate(20), "02021267", "02028267").certificate

    assert found is not None
    assert found.serial == "-7d99"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("SIGN384", {"sign384"}),
        ("0e", {"wrap"}),
        ("aes", {"wrap"}),
        ("example.com", {"www"}),
        ("certificate", {"www"}),
        ("ed25519", {"ed"}),
        ("nothing like it", set()),
    ],
)
def test_objects_are_found_by_what_is_said_of_them(text: str, labels: set[str], filled: SoftHsm) -> None:
    assert {each.label for each in listed(filled).objects if each.has(text)} == labels


def test_three_hundred_objects_are_listed_in_a_moment(make_tokens: MakeTokens) -> None:
    hsm = make_tokens(LABEL)
    fill(hsm, LABEL, 300)
    slot = look_at(hsm, LABEL)
    begun = time.monotonic()

    found = list_objects(reach(hsm), slot, Secret(USER_PIN))

    assert time.monotonic() - begun < patient(5)
    assert {each.label for each in found.objects} == {f"key-{number}" for number in range(300)}
    assert {(each.type, each.size) for each in found.objects} == {("AES", "128 bits")}
    cut_off = list_objects(reach(hsm), slot, Secret(USER_PIN), seconds=1e-9)
    assert (cut_off.found, cut_off.complete) == (300, False)
    assert len(cut_off.objects) < 300


def test_a_wrong_pin_is_named_and_offered_once(make_tokens: MakeTokens) -> None:
    hsm = make_tokens(LABEL)

    with pytest.raises(TokenError) as caught:
        listed(hsm, pin="wrong-pin")
    assert caught.value.failure.name == "CKR_PIN_INCORRECT"
    assert witness_of(hsm).tokens()[LABEL].wrong_pins == {"user PIN count low"}


def test_objects_that_cannot_be_listed_are_one_error(odd: MakeOdd) -> None:
    access = reach_odd(odd(Switches(slots={1: LABEL}, faults=(answers("C_FindObjects", 0x30),))))
    with pytest.raises(TokenError) as caught:
        list_objects(access, find_slot(access, "1"))
    assert caught.value.place.endswith("C_FindObjects")


# -- export ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "mechanism"), [("0a", "ECDSA"), ("0b", "ECDSA"), ("0c", "RSA-PKCS"), ("0d", "EDDSA")]
)
def test_what_the_token_signs_is_verified_with_the_exported_key(
    id_: str, mechanism: str, filled: SoftHsm, tmp_path: Path
) -> None:
    message, signature, public = (tmp_path / name for name in ("message", "signature", "public.pem"))
    message.write_bytes(b"thirty-two bytes, as of a SHA256")
    sign = ("--sign", "-m", mechanism, "-f", "openssl", "-i", str(message), "-o", str(signature))
    witness_of(filled).do(LABEL, USER_PIN, *sign, "--id", id_)

    public.write_text(as_pem(choose(listed(filled, pin=None), filled.module, id_=id_, label=None), ""))

    raw = ("-rawin",) if mechanism == "EDDSA" else ()
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, *raw]
    done = subprocess.run([*command, "-in", message, "-sigfile", signature], capture_output=True, check=False)
    assert b"Signature Verified Successfully" in done.stdout, done.stderr


def test_a_certificate_is_exported_byte_for_byte(filled: SoftHsm) -> None:
    wanted = choose(listed(filled, pin=None), filled.module, id_="0F", label=None)

    der = x509.load_pem_x509_certificate(as_pem(wanted, "").encode()).public_bytes(serialization.Encoding.DER)

    assert der == (filled.folder.parent / "cert.der").read_bytes()


def test_what_is_not_one_object_is_not_exported(filled: SoftHsm) -> None:
    found = listed(filled)
    several = replace(found, objects=(*found.objects, one(found, "certificate", "www")))

    for objects, label, name in ((found, "wrap", "nothing-to-export"), (several, "www", "several-to-export")):
        with pytest.raises(TokenRefusal) as caught:
            choose(objects, filled.module, id_=None, label=label)
        assert caught.value.name == name


def test_a_key_of_an_unknown_kind_is_not_exported(filled: SoftHsm) -> None:
    found = one(listed(filled), "public key", "sign")
    without = TokenObject(ObjectClass.PUBLIC_KEY, {k: v for k, v in found.values.items() if k != 0x181})

    with pytest.raises(TokenRefusal) as caught:
        as_pem(without, "here")
    assert caught.value.name == "not-exportable"


# -- a test key --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_token", [False, True])
def test_a_test_key_signs_and_leaves_nothing_behind(on_token: bool, make_tokens: MakeTokens) -> None:
    hsm = make_tokens(LABEL)

    made = make_test_key(reach(hsm), look_at(hsm, LABEL), Secret(USER_PIN), on_token=on_token)

    assert (made.type, made.size) == ("EC", "P-256")
    assert witness_of(hsm).objects(LABEL, USER_PIN) == ""


def test_an_interrupted_test_leaves_nothing_behind_wherever_it_was(make_tokens: MakeTokens) -> None:
    hsm = make_tokens(LABEL)
    slot = look_at(hsm, LABEL)
    quiet, _other = multiprocessing.Pipe()
    interrupted = 0
    while True:
        access = replace(reach(hsm), stop=StopAfter(interrupted, quiet))
        try:
            make_test_key(access, slot, Secret(USER_PIN), on_token=True)
            break
        except Interrupted:
            interrupted += 1
        assert listed(hsm).objects == ()

    assert interrupted > 10
    assert witness_of(hsm).objects(LABEL, USER_PIN) == ""


def test_what_an_interrupted_test_has_left_is_removed_and_nothing_else(make_tokens: MakeTokens) -> None:
    hsm = make_tokens(LABEL)
    witness = witness_of(hsm)
    marks = ("--label", "ppinui test key, to be removed", "--id", b"ppinui-test-key".hex())
    for more in (marks, (*marks[:2], "--id", "01"), ("--label", "mine", *marks[2:])):
        witness.do(LABEL, USER_PIN, "--keypairgen", "--key-type", "EC:prime256v1", *more)

    slot = look_at(hsm, LABEL)
    assert remove_test_keys(reach(hsm), slot, Secret(USER_PIN)) == 2
    assert remove_test_keys(reach(hsm), slot, Secret(USER_PIN)) == 0
    assert len(listed(hsm).objects) == 4


def test_a_token_without_signatures_says_so(odd: MakeOdd) -> None:
    access = reach_odd(odd(Switches(slots={1: LABEL}, faults=(answers("C_GenerateKeyPair", 0x70),))))

    with pytest.raises(TokenError) as caught:
        make_test_key(access, find_slot(access, "1"), Secret("1234"))
    assert caught.value.failure.name == "CKR_MECHANISM_INVALID"
