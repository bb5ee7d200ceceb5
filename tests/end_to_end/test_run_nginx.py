"""A real nginx under ``ppinui run``: its master starts as root, its workers sign as an ordinary user.

Collected only where PPINUI_TEST_NGINX is 1, as in .ci/run: Debian's package starts a server of its own.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.end_to_end.open_stand import OWNER, user_with_workers
from tests.primus_sim.building import EC_ID, EC_KEY
from tests.primus_sim.stand import PINS, Parts
from tests.rig.patience import patient
from tests.rig.program import PPINUI, environment
from tests.rig.secret_user import SecretUser

__test__ = os.environ.get("PPINUI_TEST_NGINX") == "1"

_OPENSSL = """\
openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = {module}
init = 1
"""
_NGINX = """\
user nobody nogroup;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
env SECUROSYS_PKCS11_CONF;
env SECUROSYS_SECRETS_CONF;
env OPENSSL_CONF;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen unix:{folder}/socket ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key "engine:pkcs11:pkcs11:token=PAYMENTS;object={key};type=private?pin-value={pin}";
    location / {{ return 200 "signed"; }}
  }}
}}
"""


@pytest.fixture
def user(primus_parts: Parts) -> Iterator[SecretUser]:
    with user_with_workers(primus_parts) as user:
        yield user


def write_certificate(user: SecretUser, path: Path) -> None:
    """For the partition's key."""
    exported = path.with_suffix(".der")
    words = ("--module", user.stand.module, "--slot", "1", "--login", "--pin", PINS["PAYMENTS"])
    key = ("--read-object", "--type", "pubkey", "--id", EC_ID, "-o", exported)
    assert user.run("run", "--", "pkcs11-tool", *words, *key).code == 0
    public = serialization.load_der_public_key(exported.read_bytes())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now, day = datetime.now(UTC), timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, public, 1, now - day, now + day)
        # Nobody looks at who has signed it.
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@contextmanager
def nginx(user: SecretUser, *options: str) -> Iterator[Path]:
    """The socket of a running server."""
    folder = user.home
    write_certificate(user, folder / "certificate.pem")
    (folder / "openssl.cnf").write_text(_OPENSSL.format(module=user.stand.module))
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, key=EC_KEY, pin=PINS["PAYMENTS"]))
    log = folder / "error.log"
    command = [*PPINUI, "run", *options, "--", "/usr/sbin/nginx", "-c", str(configuration)]
    environ = environment({**user.environ, "OPENSSL_CONF": str(folder / "openssl.cnf")})
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as server:
        try:
            while server.poll() is None and not (folder / "nginx.pid").exists():
                os.sched_yield()
            assert server.poll() is None, log.read_text()
            yield folder / "socket"
        finally:
            server.terminate()
            server.communicate(timeout=patient(20))


def get(path: Path) -> bytes:
    """What the server answers; its key has signed the handshake."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(patient(20))
        plain.connect(str(path))
        with context.wrap_socket(plain) as secured:
            secured.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = b""
            while part := secured.recv(4096):
                answer += part
            return answer


def answer_of(path: Path) -> bytes | None:
    """The first handshake of a worker fails: SoftHSM2 in the stand-in's library leaves errors in OpenSSL's
    queue when it is initialised, which nginx takes for its own."""
    for _ in range(3):
        with suppress(OSError):
            return get(path)
    return None


@pytest.mark.parametrize("options", [["--owner", OWNER], ["--owner", OWNER, "--tmpfs"]])
def test_a_worker_signs_with_the_secrets_that_it_was_given(user: SecretUser, options: list[str]) -> None:
    with nginx(user, *options) as path:
        answer = answer_of(path)
        assert answer is not None
        assert answer.endswith(b"signed")
    assert "C_Sign" in user.stand.hsms["hsm1"].calls


def test_without_an_owner_its_workers_cannot(user: SecretUser) -> None:
    ordinary = os.geteuid() != 0  # then its master and workers are the same user
    with nginx(user) as path:
        assert (answer_of(path) is not None) == ordinary
    assert ("C_Sign" in user.stand.hsms["hsm1"].calls) == ordinary
