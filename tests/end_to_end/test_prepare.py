"""``.ci/prepare``: what `make` installs, and that it installs nothing when nothing is missing.

It runs in a small checkout of the test's own. apt, dpkg, sudo and pip are stand-ins that write down how they
were called: what they do is theirs, when they are called is ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user, python_for_everybody
from tests.rig.patience import patient
from tests.rig.program import CHECKOUT

RECORDER = """#!/bin/sh
echo "$(basename "$0") $*" >>"{journal}"
"""
DPKG_QUERY = """#!/bin/sh
for name; do :; done
grep -qx "$name" "{missing}" && echo not-installed || echo installed
"""
APT_GET = (
    RECORDER
    + """
case "$*" in *install*) : >"{missing}" ;; esac
"""
)
SUDO = """#!/bin/sh
echo "sudo $*" >>"{journal}"
[ "$1" != -n ] || exit 1
"""
PIP = """
import sys
with open({journal!r}, "a") as file:
    print("pip", *sys.argv[1:], file=file)
"""


@dataclass(frozen=True)
class Checkout:
    """A checkout with a virtual environment and stand-ins for the installers."""

    folder: Path
    tools: Path

    @property
    def journal(self) -> Path:
        return self.tools / "journal"

    @property
    def calls(self) -> list[str]:
        """How the stand-ins were called since the last time that somebody asked."""
        lines = self.journal.read_text().splitlines()
        self.journal.write_text("")
        return lines

    def lack(self, *packages: str) -> None:
        (self.tools / "missing").write_text("".join(f"{name}\n" for name in packages))

    def prepare(self, purpose: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / ".ci/prepare", purpose],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={
                "PATH": f"{self.tools}:/usr/bin:/bin",
                "PYTHON": python_for_everybody(),
                "PIP_NO_INDEX": "1",
            },
            timeout=patient(60),
        )


def make_checkout(parent: Path) -> Checkout:
    folder, tools = parent / "check out", parent / "tools"
    tools.mkdir()
    folder.mkdir()
    shutil.copytree(CHECKOUT / ".ci", folder / ".ci")
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    checkout = Checkout(folder, tools)
    checkout.lack()
    checkout.journal.touch()
    scripts = {"dpkg-query": DPKG_QUERY, "apt-get": APT_GET, "sudo": SUDO}
    for name, text in scripts.items():
        (tools / name).write_text(text.format(journal=checkout.journal, missing=tools / "missing"))
        (tools / name).chmod(0o755)
    subprocess.run([python_for_everybody(), "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    pip = next((folder / ".venv/lib").glob("python*")) / "site-packages/pip"
    pip.mkdir()
    (pip / "__main__.py").write_text(PIP.format(journal=str(checkout.journal)))
    (folder / ".venv/bin/pip").write_text(f"#!{folder}/.venv/bin/python\n")
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "65534:65534", parent], check=True)
    return checkout


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    with folder_of_ordinary_user() as parent:
        yield make_checkout(parent)


PIP_FOR_DEMO = "pip --disable-pip-version-check install --quiet --editable ."
PIP_FOR_TEST = PIP_FOR_DEMO + "[dev]"


def test_the_first_time_pip_installs_what_is_needed(checkout: Checkout) -> None:
    assert checkout.prepare("demo").returncode == 0
    assert checkout.calls == [PIP_FOR_DEMO]
    assert checkout.prepare("test").returncode == 0
    assert checkout.calls == [PIP_FOR_TEST]


@pytest.mark.parametrize("purpose", ["demo", "test"])
def test_from_then_on_nothing_is_called_and_nothing_said(purpose: str, checkout: Checkout) -> None:
    checkout.prepare(purpose)
    checkout.journal.write_text("")
    again = checkout.prepare(purpose)

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert checkout.calls == []


def test_what_the_tests_need_is_enough_for_the_demo(checkout: Checkout) -> None:
    checkout.prepare("test")
    checkout.journal.write_text("")
    checkout.prepare("demo")

    assert checkout.calls == []


def test_new_dependencies_are_installed_and_new_lint_rules_need_nothing(checkout: Checkout) -> None:
    checkout.prepare("demo")
    project = checkout.folder / "pyproject.toml"
    text = project.read_text()
    checkout.journal.write_text("")

    project.write_text(text.replace("line-length = 110", "line-length = 99"))
    checkout.prepare("demo")
    assert checkout.calls == []

    project.write_text(text.replace('"libconf>=2.0"', '"libconf>=2.0.1"'))
    checkout.prepare("demo")
    assert checkout.calls == [PIP_FOR_DEMO]


def test_an_ordinary_user_is_told_what_root_has_to_install(checkout: Checkout) -> None:
    checkout.lack("softhsm2", "opensc")
    refused = as_ordinary_user(lambda: checkout.prepare("test"))

    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        "prepare: these packages are missing, and sudo asks for a password: softhsm2 opensc",
        "  fix: sudo apt-get install --no-install-recommends softhsm2 opensc",
    ]
    assert checkout.calls == ["sudo -n true"]


def test_an_ordinary_user_with_sudo_gets_them_installed(checkout: Checkout) -> None:
    checkout.lack("softhsm2")
    sudo = checkout.tools / "sudo"
    sudo.write_text(sudo.read_text().replace('[ "$1" != -n ] || exit 1', '[ "$1" = -n ] || exec "$@"'))
    installed = as_ordinary_user(lambda: checkout.prepare("demo"))

    assert installed.returncode == 0, installed.stderr
    calls = [call for call in checkout.calls if call.startswith("apt-get")]
    assert [call.split()[-1] for call in calls] == ["update", "softhsm2"]


def test_the_demo_does_not_ask_for_what_only_the_tests_need(checkout: Checkout) -> None:
    checkout.lack("opensc", "tmux")

    assert as_ordinary_user(lambda: checkout.prepare("demo")).returncode == 0


def test_a_checkout_that_was_moved_gets_a_new_environment(checkout: Checkout) -> None:
    checkout.prepare("demo")
    moved = Checkout(checkout.folder.rename(checkout.folder.with_name("moved")), checkout.tools)
    again = moved.prepare("demo")

    assert "making the virtual environment" in again.stderr
    assert str(moved.folder) in (moved.folder / ".venv/bin/pip").read_text()


def test_without_a_python_that_is_new_enough_it_says_so(checkout: Checkout) -> None:
    (checkout.folder / ".venv/bin/python").unlink()
    for name in ("bash", "dirname", "awk", "grep"):
        (checkout.tools / name).symlink_to(shutil.which(name) or name)
    (checkout.tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (checkout.tools / "python3").chmod(0o755)
    done = subprocess.run(
        [checkout.folder / ".ci/prepare", "demo"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(checkout.tools), "PYTHON": "/nowhere/python3"},
    )

    assert done.returncode == 2
    assert "no Python 3.11 or newer here" in done.stderr
    assert "PYTHON=/path/to/python3 make demo" in done.stderr


def test_a_purpose_that_it_does_not_know_is_wrong_use(checkout: Checkout) -> None:
    done = checkout.prepare("everything")

    assert (done.returncode, done.stderr) == (2, "usage: .ci/prepare demo|test\n")


@pytest.mark.parametrize("script", sorted(path.name for path in (CHECKOUT / ".ci").iterdir()))
def test_the_shell_can_read_its_scripts(script: str) -> None:
    path = CHECKOUT / ".ci" / script
    if path.read_text().startswith("#!"):
        assert os.access(path, os.X_OK)
        subprocess.run(["bash", "-n", path], check=True)
