"""A Primus whose files another user than ours may read: for applications that drop root's rights."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.primus_sim.stand import Parts, Stand
from tests.rig.ordinary_user import NOBODY, folder_of_ordinary_user
from tests.rig.secret_user import SecretUser, with_vault

WORKER = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.getuid(), os.getgid())
"""User and group that a worker drops to, and to which --owner can give files."""
OWNER = f"{WORKER[0]}:{WORKER[1]}"


@contextmanager
def user_with_workers(parts: Parts) -> Iterator[SecretUser]:
    """All secrets are in the keyring; library and software tokens belong to :data:`WORKER`, primus.cfg does
    not."""
    with (
        folder_of_ordinary_user() as folder,
        Stand(folder / "stand", parts, cluster=True, standalone=False) as stand,
    ):
        user = with_vault(stand, folder / "home")
        assert user.run("secret", "import", stand.secrets).code == 0
        stand.secrets.unlink()
        stand.log.touch()
        _give(stand.folder)
        os.chown(stand.config, os.getuid(), os.getgid())
        stand.config.chmod(0o600)
        yield user


def _give(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        os.chown(path, *WORKER, follow_symlinks=False)
