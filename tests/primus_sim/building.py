"""What a stand-in is built of, made once for a run of tests: the compiled library, tokens that hold keys."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.primus_sim.hsm import Vault
from tests.rig.compiling import compile_library
from tests.rig.softhsm import SoftHsm, Token, find_softhsm, make_softhsm

HERE = Path(__file__).parent
TOKEN_PIN = "token-pin-that-nobody-types"
"""PIN of the SoftHSM2 tokens: internal, never the partition's own."""

EC_KEY, EC_ID = "ec-key", "01"
RSA_KEY, RSA_ID = "rsa-key", "02"
"""Label and id (hexadecimal) of the key pairs in each partition."""

_SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def compile_provider(folder: Path, *, sanitized: bool = False) -> Path:
    """The library of provider/*.c; needs gcc and libconfig-dev."""
    sources = sorted((HERE / "provider").glob("*.c"))
    options = ("-Wl,-Bsymbolic", *(_SANITIZED if sanitized else ()), "-lconfig")
    return compile_library(folder / "libprimusP11.so", sources, *options)


def compile_driver(folder: Path) -> Path:
    """The program of driver.c, sanitized, which goes through the library's functions."""
    target = folder / "driver"
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", *_SANITIZED]
    subprocess.run([*command, "-o", str(target), str(HERE / "driver.c"), "-ldl"], check=True)
    return target


def make_tokens_with_keys(folder: Path, labels: Iterable[str]) -> SoftHsm:
    """Tokens with an EC and an RSA key pair each, to be copied for the HSMs of a cluster."""
    made = make_softhsm(folder, [Token(label, TOKEN_PIN) for label in labels])
    for label in made.labels:
        for kind, name, key_id in (("EC:prime256v1", EC_KEY, EC_ID), ("rsa:2048", RSA_KEY, RSA_ID)):
            command = [
                "pkcs11-tool",
                "--module",
                str(made.module),
                "--token-label",
                label,
                "-l",
                "--pin",
                TOKEN_PIN,
            ]
            command += ["--keypairgen", "--key-type", kind, "--label", name, "--id", key_id]
            subprocess.run(command, env=made.environ, check=True, capture_output=True)
    return made


def make_vault(folder: Path, tokens: SoftHsm) -> Vault:
    """A token directory of an HSM's own with copies of these tokens, and a copy of SoftHSM2's library."""
    folder.mkdir(parents=True)
    shutil.copytree(tokens.folder / "tokens", folder / "tokens")
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder / 'tokens'}\n"
        "objectstore.backend = file\n"
        "log.level = ERROR\n"
        "slots.removable = false\n"
    )
    library = folder / "libsofthsm2.so"
    shutil.copyfile(find_softhsm(), library)
    return Vault(library, configuration, tokens.pins)


def build_in_parallel(folder: Path, clusters: dict[str, tuple[str, ...]]) -> tuple[Path, dict[str, SoftHsm]]:
    """The library, and tokens for each set of labels, at the same time."""
    with ThreadPoolExecutor() as pool:
        library = pool.submit(compile_provider, folder)
        tokens = {
            name: pool.submit(make_tokens_with_keys, folder / name, labels)
            for name, labels in clusters.items()
        }
        return library.result(), {name: made.result() for name, made in tokens.items()}
