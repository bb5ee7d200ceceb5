"""The app on a configuration of its own, driven by keys, without a terminal."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from ppinui.editing.session import Session
from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_format import KdfCost
from ppinui.services.context import Context
from ppinui.tui.app import PpinuiApp
from ppinui.tui.app_context import AppContext
from ppinui.tui.options import AppOptions
from ppinui.tui.screens.main_screen import MainScreen
from ppinui.tui.widgets.text_entry import TextEntry
from ppinui.tui.widgets.virtual_list import VirtualList
from tests.primus_sim.fixtures import primus_cluster, primus_parts
from tests.rig.configurations import two_hsms
from tests.rig.odd_module import OddModule
from tests.rig.patience import patient
from tests.rig.secret_user import SecretUser
from tests.rig.softhsm import SoftHsm

__all__ = ["primus_cluster", "primus_parts"]

TEXT = two_hsms(hsm0='color = "blue";')

PROXIED = TEXT.replace('client_id = "sign";', 'client_id = "sign";\n          proxy_user = "SERVICE";')
"""The same with a service user."""


@dataclass
class Driver:
    """The app while it runs, for a test that presses keys and looks."""

    app: PpinuiApp
    pilot: Pilot[None]
    seconds: float = 6.0
    traced: list[str] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until what they do is done."""
        for key in keys:
            await self.pilot.press(key)
        await self.pilot.pause()

    async def write(self, text: str) -> None:
        """Type a text."""
        await self.press(*(" " if one == " " else one for one in text))

    async def until(self, wanted: str | Callable[[], bool]) -> str:
        """Wait until the screen shows a text, or something holds; AssertionError shows the screen."""
        deadline = time.monotonic() + patient(self.seconds)
        while not (wanted in self.text if isinstance(wanted, str) else wanted()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{wanted} did not come; the screen is:\n{self.text}")
            await self.pilot.pause()
        return self.text

    @property
    def context(self) -> AppContext:
        return self.app.context

    @property
    def main(self) -> MainScreen:
        """The main screen, whatever lies over it."""
        assert isinstance(self.context.view, MainScreen)
        return self.context.view

    @property
    def session(self) -> Session:
        return self.context.session

    @property
    def text(self) -> str:
        """What the screen shows, line by line."""
        screen = self.app.screen
        width, height = screen.size
        lines = screen._compositor.render_strips() if width and height else []
        return "\n".join(strip.text.rstrip() for strip in lines)

    def static(self, selector: str) -> str:
        return str(self.app.screen.query_one(selector, Static).render())

    def entry(self, name: str) -> TextEntry:
        """The field of a setting in the form."""
        row = next(row for row in self.main.form.rows() if row.field.name == name)
        assert isinstance(row.entry, TextEntry)
        return row.entry

    async def select(self, path: str) -> None:
        """Put the cursor of the tree on a line."""
        self.main.go_to(path)
        await self.until(lambda: self.main.details.path == path)

    async def type_into(self, name: str, text: str) -> None:
        """Give a field of the form another text, and press enter."""
        entry = self.entry(name)
        entry.focus()
        await self.press("end", "ctrl+u")
        await self.write(text)
        await self.press("enter")

    def rows(self, selector: str) -> list[str]:
        """All rows of a list, whether they are in sight or not."""
        rows = self.app.screen.query_one(selector, VirtualList)
        return ["".join(text for text, _ in rows.row(index, 60)) for index in range(rows.count)]


Steps = Callable[[Driver], Awaitable[None]]
Run = Callable[..., PpinuiApp]
RunOn = Callable[..., None]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two HSMs, one partition on both, an unknown setting."""
    file = tmp_path / "primus.cfg"
    file.write_text(TEXT)
    return file


@pytest.fixture
def options(config: Path, tmp_path: Path) -> AppOptions:
    """The app's options on `config`; it finds no library, and no line goes to the system's log."""
    home = tmp_path / "home"
    home.mkdir()
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    missing = tmp_path / "no-module.so"
    return AppOptions(
        config,
        state=tmp_path / "state",
        environ=environ,
        module=lambda: missing,
        keyring=None,
        context=Context(environ, audit=lambda *_: None),
        look_every=3600.0,
    )


@pytest.fixture
def run(options: AppOptions) -> Run:
    """`run(steps)`: the app goes through an async function, which gets a :class:`Driver`; gives the app.

    Changes are options of the app; `timeout` and `keyring_environ` are its context's.
    """

    def go(steps: Steps, *, size: tuple[int, int] = (80, 24), **changes: object) -> PpinuiApp:
        own = {"timeout": "timeout", "keyring_environ": "environ"}
        context = {name: changes.pop(key) for key, name in own.items() if key in changes}
        changes["context"] = replace(options.context, **context)  # type: ignore[arg-type]
        app = PpinuiApp(replace(options, **changes))  # type: ignore[arg-type]

        async def main() -> None:
            async with app.run_test(size=size, notifications=True) as pilot:
                driver = Driver(app, pilot)
                await driver.until(lambda: app.context.opened is None or driver.main.is_whole.is_set())
                await steps(driver)

        asyncio.run(main())
        return app

    return go


@pytest.fixture
def vault_file(tmp_path: Path) -> Path:
    """A vault that opens with "open", and quickly."""
    path = tmp_path / "vault"
    vault.create(path, Secret("open"), make_folder=False, cost=KdfCost(memory=64, iterations=1, lanes=1))
    return path


@pytest.fixture
def run_with_vault(run: Run, config: Path, tmp_path: Path, vault_file: Path) -> Run:
    """As `run`, with the vault as the keyring, and a service user in the configuration."""
    config.write_text(PROXIED)
    environ = {
        "HOME": str(tmp_path / "home"),
        "PATH": "/usr/bin:/bin",
        "PPINUI_VAULT": str(vault_file),
        "PRIMUS_HOME": str(tmp_path / "none"),
    }

    def go(steps: Callable[..., object], **changes: object) -> object:
        choice = KeyringChoice("vault", "the test")
        return run(steps, keyring=choice, keyring_environ=environ, **changes)

    return go  # type: ignore[return-value]


@pytest.fixture
def run_on(run: Run) -> RunOn:
    """`run_on(user, steps)`: the app as a user of a stand has it, with the keyring of his environment."""

    def go(user: SecretUser, steps: Steps, **changes: object) -> None:
        async def patient(app: Driver) -> None:
            app.seconds = 20
            await steps(app)

        as_user = {
            "configuration": user.stand.config,
            "environ": user.environ,
            "module": lambda: user.stand.module,
            "keyring": "usual",
            "keyring_environ": user.environ,
            "state": user.home / "state",
        }
        run(patient, **{**as_user, **changes})

    return go


@pytest.fixture
def run_with(run: Run) -> RunOn:
    """`run_with(hsm, steps)`: the app with the tokens screen open on SoftHSM2's tokens or an odd module's."""

    def go(hsm: SoftHsm | OddModule, steps: Steps, **changes: object) -> None:
        async def on_tokens(app: Driver) -> None:
            app.seconds = 20
            await app.press("f12")
            await app.until(lambda: " of /" in app.text.partition("\n")[0] or "(b) Back" in app.text)
            await steps(app)

        module, environ = (hsm.module, hsm.environ) if isinstance(hsm, SoftHsm) else (hsm.path, {})
        run(on_tokens, **{"module": lambda: module, "environ": {**os.environ, **environ}, **changes})

    return go
