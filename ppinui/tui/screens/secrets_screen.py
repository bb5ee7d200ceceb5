"""The secrets screen: every partition and service user, where its secret is, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from ppinui.errors import PpinuiError
from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.secrets.secret_operations import SecretOperations
from ppinui.secrets.stored_secret import SecretKind
from ppinui.tui.app_context import AppContext
from ppinui.tui.controllers.secrets_snapshot import SecretRow
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.dialogs.secret_dialog import ask_twice
from ppinui.tui.flows import transfer_flow
from ppinui.tui.messages import ProbeRequested
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.column_table import Column, ColumnTable, TableHead
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.text_view import TextView
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_COLUMNS: Final = (
    Column[SecretRow]("kind", 9, lambda row: row.kind.label.split()[0], "faint"),
    Column[SecretRow]("name", 22, lambda row: row.name, "strong"),
    Column[SecretRow]("where", 10, lambda row: (row.state.long, row.state.name)),
    Column[SecretRow]("since, from", 0, lambda row: row.facts or row.flaw),
)


class SecretsTable(ColumnTable[SecretRow]):
    """A line for each secret."""


class SecretsScreen(Screen[None]):
    """States and actions; no secret is ever shown."""

    CSS_PATH = "secrets_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f4", "app.pop_screen", "Back", id="secrets.back", tooltip="Back to the tree"),
        Binding("a", "change", "Add/update", id="secrets.change", tooltip="Add this secret, or replace it"),
        Binding("x,delete", "remove", "Remove", id="secrets.remove", tooltip="Forget this secret"),
        Binding("t", "test", "Test", id="secrets.test", tooltip="Test the slots that use it"),
        Binding("i", "import", "Import", id="secrets.import", tooltip="Take what a .secrets.cfg has"),
        Binding("e", "export", "Export", id="secrets.export", tooltip="Write a .secrets.cfg"),
        Binding("c", "adopt", "Adopt clear", id="secrets.adopt", tooltip="Move clear-text passwords here"),
        Binding("k", "keyring", "Keyring", id="secrets.keyring", tooltip="Choose another, make a vault"),
    ]

    def __init__(self, context: AppContext, user: str = "") -> None:
        """``user``: whose secret has the cursor first."""
        super().__init__()
        self.context = context
        self._user = user

    def compose(self) -> ComposeResult:
        yield Static("The keyring is being opened …", id="secrets-what", markup=False)
        table = SecretsTable(_COLUMNS, id="secrets-table")
        yield TableHead(table)
        yield table
        yield TextView(id="secrets-details", mark="", wrap=True)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#secrets-table").focus()
        self.show()
        self._start_reading()

    def on_screen_resume(self) -> None:
        """Something may have become known meanwhile."""
        self.show()

    def on_secrets_changed(self) -> None:
        self.show()

    def show(self) -> None:
        """Show what is known of the secrets."""
        snapshot = self.context.secrets.snapshot
        self.query_one(SecretsTable).show(snapshot.rows)
        if snapshot.backend is not None:
            place = f", {snapshot.backend.place}" if snapshot.backend.place else ""
            what = f" Keyring: {snapshot.backend.name} ({snapshot.backend.why}{place})"
            self.query_one("#secrets-what", Static).update(plain(what))
        if (user := self._user) and snapshot.rows:
            self.query_one(SecretsTable).go_to_first(lambda row: row.name == user)
            self._user = ""
        self._show_details()

    def on_virtual_list_moved(self, _: VirtualList.Moved) -> None:
        self._show_details()

    def on_virtual_list_chosen(self, _: VirtualList.Chosen) -> None:
        self.action_change()

    def _show_details(self) -> None:
        row = self.query_one(SecretsTable).selected
        lines: list[Piece] = [(note, "warning") for note in self.context.secrets.snapshot.notes]
        if row is not None:
            lines.append((f"{row.kind.label} of {row.name}", "strong"))
            places = {"keyring": row.in_keyring, ".secrets.cfg": row.in_file, "primus.cfg": row.in_config}
            found = [place for place, there in places.items() if there]
            if found or row.unseen is None:
                lines.append((f"in {', '.join(found)}" if found else "nowhere yet", ""))
            if row.rejected:
                lines.append(
                    (f"rejected {row.rejected}: it is offered to no HSM until it is replaced", "error")
                )
            if row.unseen is not None:
                lines.append((f"what the keyring has is not known: {row.unseen.value.long}", "warning"))
            if row.flaw:
                lines.append((row.flaw, "error"))
        self.query_one("#secrets-details", TextView).show(lines)

    def _start_reading(self) -> None:
        self.context.start_flow(self._read(), "secrets")

    async def _read(self) -> None:
        try:
            await self.context.secrets.read()
        except PpinuiError as error:
            self.query_one("#secrets-what", Static).update(plain(f" No keyring: {error.message}"))
            raise

    # -- actions -------------------------------------------------------------------------------------------

    def action_change(self) -> None:
        row = self.query_one(SecretsTable).selected
        if row is not None:
            self.context.start_flow(self._change(row), "flow")

    async def _change(self, row: SecretRow) -> None:
        secrets = self.context.secrets

        def work(operations: SecretOperations) -> str:
            match row.kind:
                case SecretKind.PERMANENT:
                    operations.update(row.name, secrets.keyring, secrets.fetcher())
                    return f"Fetched the permanent secret of {row.name}"
                case SecretKind.PROXY:
                    try:
                        fetcher = secrets.fetcher()
                    except PpinuiError as error:
                        operations.add_proxy(row.name, secrets.keyring, None)
                        return f"Kept the password of {row.name}; not validated: {error.message}"
                    operations.add_proxy(row.name, secrets.keyring, fetcher)
                    return f"Kept the password of {row.name}: the proxy has accepted it"
                case SecretKind.PIN:
                    operations.set_pin(row.name, secrets.keyring)
                    return f"Kept the PIN of {row.name}; nothing was tried with it"

        said = await secrets.do(work)
        self.context.probes.memory.forget_secrets_of(row.name)
        await self._done(said)

    def action_remove(self) -> None:
        row = self.query_one(SecretsTable).selected
        if row is None:
            return
        if not row.in_keyring and row.unseen is None:
            self.notify("It is not in the keyring.")
        else:
            self.context.start_flow(self._remove(row), "flow")

    async def _remove(self, row: SecretRow) -> None:
        answer = await self.context.choose(
            f"Forget the {row.kind.label} of {row.name}?",
            [("It cannot be brought back: a permanent secret needs a setup password again.", "")],
            [DialogChoice("back", "b", "Back"), DialogChoice("forget", "f", "Forget it")],
        )
        if answer == "forget":
            await self.context.secrets.do(lambda operations: operations.remove(row.kind, row.name))
            await self._done(f"Forgot the {row.kind.label} of {row.name}")

    def action_test(self) -> None:
        row = self.query_one(SecretsTable).selected
        if row is not None:
            self.context.request(ProbeRequested(row.name, login=row.kind is SecretKind.PIN))

    def action_import(self) -> None:
        self._move(transfer_flow.import_secrets)

    def action_export(self) -> None:
        self._move(transfer_flow.export_secrets)

    def action_adopt(self) -> None:
        self._move(transfer_flow.adopt)

    def _move(self, move: Callable[[AppContext], Awaitable[str]]) -> None:
        async def run() -> None:
            if said := await move(self.context):
                await self._done(said)

        self.context.start_flow(run(), "flow")

    def action_keyring(self) -> None:
        self.context.start_flow(self._keyring(), "flow")

    async def _keyring(self) -> None:
        backend = self.context.secrets.snapshot.backend
        lines: list[Piece] = [(f"now: {backend.name}, {backend.why}" if backend else "now: none", "")]
        answer = await self.context.choose(
            "Which keyring?",
            lines,
            [
                DialogChoice("auto", "s", "This system's own"),
                DialogChoice("vault", "v", "The vault"),
                DialogChoice("create", "n", "Make a vault"),
                DialogChoice("back", "b", "Back"),
            ],
        )
        if answer == "create":
            await self._make_vault()
        elif answer in ("auto", "vault"):
            choice = KeyringChoice("vault" if answer == "vault" else None, "the secrets screen")
            await self.context.secrets.keyring.use(choice)
        else:
            return
        await self._read()

    async def _make_vault(self) -> None:
        passphrase = await ask_twice(
            self.context.ask,
            "New passphrase of the vault",
            "nobody can recover it, and it opens all that is in the vault",
        )
        if passphrase is None:
            return
        try:
            path = await self.context.secrets.keyring.make_vault(passphrase)
        finally:
            passphrase.wipe()
        self.context.notify(f"Made {path}")

    async def _done(self, said: str) -> None:
        self.context.notify(plain(said) if "\n" not in said else said)
        await self._read()
