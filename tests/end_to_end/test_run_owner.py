"""``ppinui run --owner``: applications that begin as root, and read their secrets as somebody else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.end_to_end.open_stand import OWNER, WORKER, user_with_workers
from tests.primus_sim.building import EC_KEY
from tests.primus_sim.stand import PINS, Parts
from tests.rig.forked import in_child
from tests.rig.ordinary_user import as_ordinary_user, on_open_ways
from tests.rig.program import Ran
from tests.rig.secret_user import SecretUser

DROPPING = """
import os, sys
import pkcs11
module, pin, key, uid, gid = sys.argv[1:]
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(*[int(gid)] * 3)
    os.setresuid(*[int(uid)] * 3)
(token,) = pkcs11.lib(module).get_tokens(token_label="PAYMENTS")
with token.open(user_pin=pin) as session:
    private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=key)
    signature = private.sign(b"thirty-two bytes, as of a SHA256", mechanism=pkcs11.Mechanism.ECDSA)
print(os.geteuid(), len(signature))
"""
"""What a worker of nginx does: it drops its user, and then initialises the library."""


@pytest.fixture
def user(primus_parts: Parts) -> Iterator[SecretUser]:
    with user_with_workers(primus_parts) as user:
        yield user


def dropping(user: SecretUser, *options: str) -> Ran:
    words = (str(user.stand.module), PINS["PAYMENTS"], EC_KEY, *map(str, WORKER))
    command = ("run", *options, "--", sys.executable, "-c", DROPPING, *words)
    return on_open_ways(lambda: user.run(*command))


@pytest.mark.parametrize("options", [[], ["--tmpfs"]])
def test_a_program_that_drops_its_user_signs(user: SecretUser, options: list[str]) -> None:
    signed = dropping(user, "--owner", OWNER, *options)
    assert (signed.code, signed.out) == (0, f"{WORKER[0]} 64\n"), signed.err
    assert (dropping(user, *options).code == 0) == (os.geteuid() != 0)  # it is the option that does it


@pytest.mark.parametrize("options", [[], ["--tmpfs"]])
def test_the_files_are_readable_for_their_owner_alone(user: SecretUser, options: list[str]) -> None:
    script = 'stat -Lc "%u:%g %a" "$SECUROSYS_PKCS11_CONF" "$SECUROSYS_SECRETS_CONF"'
    shown = user.run("run", "--owner", OWNER, *options, "--", "sh", "-c", script)
    assert shown.out == f"{OWNER} 400\n" * 2


def test_files_cannot_be_given_to_others_by_an_ordinary_user() -> None:
    """And it is said before anybody is asked for a passphrase, or looks for a primus.cfg."""

    def run() -> Ran:
        return in_child(lambda: _as_module("run", "--owner", "0:0", "--", "true"))

    ended = as_ordinary_user(run) if os.geteuid() == 0 else run()
    assert (ended.code, ended.out, len(ended.error)) == (2, "", 3)
    assert "files cannot be given to user 0 and group 0: Operation not permitted" in ended.error[0]


def _as_module(*words: str) -> Ran:
    """In this process, which may not be able to start Python anew as an ordinary user."""
    import contextlib
    import io

    from ppinui.cli.main import main

    out, err = (io.TextIOWrapper(io.BytesIO()) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    shown = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return Ran(code, *shown)
