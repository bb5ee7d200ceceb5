"""Make the pictures: ``python -m tests.pictures FOLDER [NAME …]``, as ``make screenshots`` does."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.pictures.making import picture_of
from tests.pictures.scenes import SCENES


def main(folder: Path, names: list[str]) -> None:
    """Write the pictures of these names, or all, into a folder; say which have changed."""
    for scene in SCENES:
        if names and scene.name not in names:
            continue
        file = folder / f"{scene.name}.svg"
        before = file.read_text(encoding="utf-8") if file.exists() else None
        picture = picture_of(scene)
        if picture != before:
            file.write_text(picture, encoding="utf-8")
        state = "new" if before is None else "changed" if picture != before else "as before"
        sys.stderr.write(f"{file}: {state}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
