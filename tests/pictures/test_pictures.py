"""The pictures in screenshots/ are what the app looks like, and say nothing about who made them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pictures.installation import SOUND, paths_below
from tests.pictures.scenes import SCENES, Scene
from tests.pictures.traces import Machine, this_machine

CHECKOUT = Path(__file__).parents[2]
PICTURES = CHECKOUT / "screenshots"
TEXTS = re.compile(r"<text[^>]*>([^<]*)</text>")
COLOUR = re.compile(r"#[0-9a-f]{6}")
MADE_WITH = re.compile(r"<!-- made with .* -->")
each_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all pictures, made now as `make screenshots` makes them."""
    folder = tmp_path_factory.mktemp("screenshots")
    command = [sys.executable, "-m", "tests.pictures", str(folder)]
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "somebody"}
    subprocess.run(command, cwd=CHECKOUT, env=environ, check=True)
    return folder


@each_scene
def test_the_picture_is_what_the_app_looks_like(scene: Scene, fresh: Path) -> None:
    old, new = ((folder / f"{scene.name}.svg").read_text(encoding="utf-8") for folder in (PICTURES, fresh))
    if MADE_WITH.findall(old) != MADE_WITH.findall(new):
        # Shades differ from one Textual to the next; words, signs, lines and their places have not.
        old, new = (COLOUR.sub("", MADE_WITH.sub("", picture)) for picture in (old, new))
    assert TEXTS.findall(new) == TEXTS.findall(old), "run make screenshots, look at the picture, commit it"
    assert new == old, "the words are the same, but not their places or looks: run make screenshots"


def test_there_is_a_scene_for_every_picture() -> None:
    assert sorted(path.name for path in PICTURES.iterdir()) == sorted(f"{one.name}.svg" for one in SCENES)


def test_every_picture_has_words_of_its_own_for_those_who_do_not_see_it() -> None:
    assert len({scene.caption for scene in SCENES}) == len(SCENES)
    for scene in SCENES:
        assert f"<title>{scene.caption}</title>" in (PICTURES / f"{scene.name}.svg").read_text()


@pytest.fixture(scope="module")
def ours() -> set[str]:
    """The words of the program and of what it works on here: a user may be called test, a host hsm1."""
    texts = [SOUND, *(path.read_text(encoding="utf-8") for path in (CHECKOUT / "ppinui").rglob("*.py"))]
    return {word for text in texts for word in re.findall(r"\w[\w.-]*", text)}


@each_scene
def test_a_picture_does_not_show_the_machine_that_made_it(scene: Scene, fresh: Path, ours: set[str]) -> None:
    for folder in (PICTURES, fresh):
        text = (folder / f"{scene.name}.svg").read_text(encoding="utf-8")
        assert this_machine().traces_in(text, ours) == []


@each_scene
def test_a_picture_needs_nothing_from_elsewhere(scene: Scene) -> None:
    drawing = TEXTS.sub("", (PICTURES / f"{scene.name}.svg").read_text(encoding="utf-8"))
    assert re.findall(r"url\(|href|@import|@font-face|<script|<image", drawing) == []
    assert re.findall(r"\w+://[^\s\"']*", drawing) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<text>/home/ada/primus.cfg</text>", ["/home/ada", "ada"]),
        ("<text>saved by Ada</text>", ["ada"]),
        ("<text>engine-1</text>", ["engine-1"]),
        ("<text>adapted on engine-12, hsm1</text>", []),
    ],
)
def test_a_trace_of_a_machine_would_be_found(text: str, found: list[str]) -> None:
    machine = Machine(("/home/ada",), ("ada", "engine-1", "hsm1"))
    assert machine.traces_in(text, ours=["hsm1"]) == found


def test_a_path_of_the_pictures_reads_as_on_a_users_machine_and_leads_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/primus.cfg").write_text("here")
    path = paths_below(tmp_path)("/etc/primus.cfg")
    assert str(path.resolve()) == "/etc/primus.cfg"
    assert path.read_text() == "here"
    assert path.with_name("other").exists() is False
