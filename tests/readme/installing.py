"""The program as a user installs it: a virtual environment of its own, made from the checkout by pip."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from tests.rig.program import CHECKOUT


def install(folder: Path) -> Path:
    """Install the checkout into a new virtual environment; the folder of its programs.

    What the program needs is taken from the environment of the tests: no network is needed.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    ours = [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]
    (packages / "needed.pth").write_text("".join(f"{path}\n" for path in ours))
    pip = [
        sys.executable,
        "-I",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        folder / "bin/python",
    ]
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"]
    done = subprocess.run([*pip, "install", *options, CHECKOUT], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"pip could not install the checkout:\n{done.stdout}{done.stderr}")
    return folder / "bin"
