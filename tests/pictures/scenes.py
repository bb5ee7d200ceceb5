"""The scenes of the pictures: one line each in :data:`SCENES`, and what is done to get there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ppinui.probe.conditions import explain_condition
from ppinui.probe.result import Stage
from ppinui.probe.stage_errors import explain_answer
from tests.pictures.installation import Installation, Installed, but
from tests.pictures.testing import FINE, Script, Step, until
from tests.pictures.walkthrough import STEPS, scene_of
from tests.tui.conftest import Driver

Steps = Callable[[Driver, Installed], Awaitable[None]]
_HSM1, _HSM2 = "primus.hsms.hsm1", "primus.hsms.hsm2"


@dataclass(frozen=True)
class Scene:
    """A picture: its file's name, what it shows (in words for those who do not see it), how to get there."""

    name: str
    caption: str
    steps: Steps
    installation: Installation = field(default_factory=Installation)
    size: tuple[int, int] = (80, 24)
    """Columns and lines."""
    colours: bool = True


async def main(app: Driver, _: Installed) -> None:
    """The app as it is after a while: secrets looked up, everything tested."""
    await app.press("f4")
    await app.until("Keyring: secretservice")
    await app.press("escape", "f5", "a")
    await app.until("done, 4 of 4")
    await app.press("escape")
    await app.select(_HSM1)
    await app.until("Problems: ")


async def form(app: Driver, _: Installed) -> None:
    await app.select(_HSM2)
    entry = app.entry("priority")
    entry.focus()
    await app.press("end", "ctrl+u")
    await app.write("200")
    await app.until("! ")


async def problems(app: Driver, _: Installed) -> None:
    await app.until("Problems: 2 errors")
    await app.press("f6", "f6")


async def broken(app: Driver, _: Installed) -> None:
    await app.until("cannot be read at line 43")


async def text(app: Driver, _: Installed) -> None:
    await app.select(f"{_HSM1}.slots.slot0")
    await app.press("f3")
    await app.until("▌")


async def change(app: Driver, _: Installed) -> None:
    await app.select(_HSM2)
    await app.type_into("host", "c-api.example.net")
    await app.type_into("priority", "2")
    await app.until("UNSAVED: 2 edits")
    await app.press("f2")
    await app.until("Save this change?")


async def conflict(app: Driver, installed: Installed) -> None:
    await app.select(_HSM2)
    await app.type_into("host", "c-api.example.net")
    await app.until("UNSAVED")
    theirs = installed.config.read_text().replace("trace_level     = 4", "trace_level     = 6")
    installed.config.write_text(theirs)
    await app.press("f2")
    await app.until("was changed by somebody else")


async def running(app: Driver, _: Installed) -> None:
    await app.press("f5", "a")
    await app.until("running, 3 of 4, 0 failed, 4.8 s")


async def fine(app: Driver, _: Installed) -> None:
    await app.press("f5", "a")
    await app.until("done, 4 of 4, 0 failed")


async def failed(app: Driver, _: Installed) -> None:
    await app.press("f5", "a")
    await app.until("done, 4 of 4, 1 failed")
    await app.press("end")
    await app.until("fix: ")


async def secrets(app: Driver, _: Installed) -> None:
    await app.press("f4")
    await app.until("Keyring: secretservice")


async def password(app: Driver, installed: Installed) -> None:
    await secrets(app, installed)
    await app.press("end", "enter")
    await app.until("Enter takes it")
    await app.write("not shown")


async def tokens(app: Driver, _: Installed) -> None:
    await app.until("Problems: ")
    await app.press("f12")
    await app.until("no library is loaded")
    await app.press("o", "m")
    await app.until("Which PKCS#11 library")
    await app.write("/opt/example/lib/libexample-p11.so")
    await app.press("enter")
    await app.until("6 slots, 1 failed")
    await app.press("down", "down")
    await app.until("slot 2 (0x2): SIGNING")


async def objects(app: Driver, installed: Installed) -> None:
    await tokens(app, installed)
    await app.press("home", "enter")
    await app.until("not logged in")
    await app.press("l")
    await app.until(", logged in")
    await app.press(*["down"] * 6)
    await app.until("subject CN=portal.example.net")


async def palette(app: Driver, _: Installed) -> None:
    await app.until("Problems: ")
    await app.press("f9")
    await app.until("Undo (F7)")


async def explained(app: Driver, _: Installed) -> None:
    await app.select(_HSM2)
    app.entry("priority").focus()
    await app.press("f1")
    await app.until("Keys")


async def first_start(app: Driver, _: Installed) -> None:
    await app.until("There is no primus.cfg yet")


_CAPTIONS = (
    "what has to be at hand before it begins.",
    "whether the vendor's library and ppin are installed.",
    "who may read the files, and where the provider's log goes.",
    "the cluster is chosen from those that the service publishes.",
    "its HSMs are filled in, and can be changed.",
    "the service user and the partitions.",
    "the file as it will be, before it is written; the steps stand on the left where there is room.",
    "which keyring keeps the secrets; a vault is made where there is none.",
    "a wrong password of the service user is explained in place.",
    "permanent secrets are fetched, one partition after another.",
    "a slot that fails says why, what to do, and in which step.",
    "what comes next, with commands to copy.",
)

_NOTED = but(("trace_pid       = true", "trace_thread    = true"))
_WRONG = but(
    ('host = "a-api', 'host = "https://a-api'),
    ("proxy_user = ", "proxy_usr  = "),
    ("trace_level     = 4", "trace_level     = 9"),
)
_RUNNING = Script(FINE, {("hsm2", "ARCHIVE"): until(Step(Stage.TOKEN, 3050, held=True))})
_SILENT = Step(Stage.CONNECT, 10003.7, explain_condition("connect-timeout", "no answer in 10 s"))
_REFUSED = Step(Stage.SESSION, 212.5, explain_answer(0x30, 0x80005019, "HSM_Login"))

SCENES = (
    Scene(
        "main",
        "The main screen: HSMs and slots with the state of each one's secret, problems and last test on the "
        "left, the form of the HSM under the cursor on the right, the problems of the file below.",
        main,
        _NOTED,
    ),
    Scene("main-wide", "The main screen on a terminal of 120 by 40.", main, _NOTED, size=(120, 40)),
    Scene(
        "main-no-color",
        "The main screen with NO_COLOR: words and signs say all.",
        main,
        _NOTED,
        colours=False,
    ),
    Scene("form", "A value is checked while it is typed: a priority of 200 is said to be too high.", form),
    Scene("problems", "A list of what is wrong with a file, each with its line.", problems, _WRONG),
    Scene(
        "broken",
        "A file that cannot be read: its text with the place of the error, what is wrong, and the ways out.",
        broken,
        but(('host = "b-api.example.net";', 'host "b-api.example.net";')),
    ),
    Scene("text", "The file as text, below the tree, with the slot under the cursor marked.", text),
    Scene("change", "Before a save: the path, the backup and the change as a diff.", change),
    Scene("conflict", "Somebody else has changed the file: what they changed, and the choice.", conflict),
    Scene(
        "test-running",
        "A connection test that runs: three slots are fine, one is on its way.",
        running,
        Installation(script=_RUNNING),
    ),
    Scene("test-fine", "A connection test in which every slot of every HSM is fine.", fine),
    Scene(
        "test-failed",
        "A connection test in which one slot fails, why that is, and what to do about it.",
        failed,
        Installation(script=Script(FINE, {("hsm2", "ARCHIVE"): until(_REFUSED)})),
    ),
    Scene(
        "secrets",
        "Every secret: whose it is, where it is kept and since when; never the secret itself.",
        secrets,
    ),
    Scene("password", "A PIN is typed: a dot for each character.", password),
    Scene(
        "tokens",
        "The slots of a PKCS#11 module of another maker: which are ready, which are not, and why.",
        tokens,
    ),
    Scene(
        "objects",
        "What is on a token: keys and certificates, one that ends soon and one that has ended.",
        objects,
    ),
    Scene("palette", "The command palette with every action, its key and what it does.", palette),
    Scene(
        "first-start",
        "The first start, where there is no primus.cfg yet: a line for each kind of set-up.",
        first_start,
        Installation(is_there=False),
    ),
    *(
        Scene(
            f"setup-{number:02}-{step}",
            f"The CloudHSM walkthrough, step {number}: {caption}",
            scene_of(step),
            size=(120, 40) if step == "save" else (80, 24),
        )
        for number, (step, caption) in enumerate(zip(STEPS, _CAPTIONS, strict=True), start=1)
    ),
    Scene("help", "The help on the field under the cursor, and the keys that do something there.", explained),
)
