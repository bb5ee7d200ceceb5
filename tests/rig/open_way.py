"""The way to the checkout and its Python, open for other users too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.rig.private_mounts import bind, mount_disk, separate_mounts

_CHECKOUT = Path(__file__).parents[2]


def closed_folders() -> dict[Path, list[Path]]:
    """The outermost folders that others cannot enter, each with what the tests need of what is in it."""
    closed: dict[Path, list[Path]] = {}
    for tree in _needed():
        for folder in (*reversed(tree.parents), tree):
            if not folder.stat().st_mode & 0o001:
                closed.setdefault(folder, []).append(tree)
                break
    return closed


def open_closed_folders() -> None:
    """This process, a forked child of root's, gets mounts of its own in which others can enter them.

    They have nothing in them but what the tests need; all other processes see them as they are.
    """
    closed = closed_folders()
    if not closed:
        return
    here, mask = os.getcwd(), os.umask(0o022)
    separate_mounts()
    for folder, trees in closed.items():
        kept = {tree: os.open(tree, os.O_PATH) for tree in trees}
        inside = [Path(entry) for entry in os.listdir(folder)] if folder in trees else []
        mount_disk(folder, 1 << 20)
        for tree, descriptor in kept.items():
            source = Path(f"/proc/self/fd/{descriptor}")
            if tree != folder:
                _bind_new(source, tree)
            for name in inside if tree == folder else []:
                _bind_new(source / name, folder / name)
            os.close(descriptor)
    os.umask(mask)
    os.chdir(here)


def _needed() -> list[Path]:
    """Checkout, environment, Python and its packages, without those that lie in another one of them."""
    folders = {_CHECKOUT, Path(sys.prefix), Path(sys.base_prefix), *map(Path, sys.path)}
    folders |= {folder.resolve() for folder in folders}
    found = sorted(folder for folder in folders if folder.is_absolute() and folder.is_dir())
    return [one for one in found if not any(other in one.parents for other in found)]


def _bind_new(source: Path, place: Path) -> None:
    if source.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    elif source.is_file():
        place.touch()
    else:
        return
    bind(source, place)
