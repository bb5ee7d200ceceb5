"""What a command works with: named by the user, else searched on its host; opened when it is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.errors import PpinuiError
from ppinui.provider.library import ModuleNotFound
from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.services.context import Context
from tests.rig.configurations import one_hsm
from tests.rig.hosts import context_on, host_of
from tests.setup.walkthrough_rig import MemoryKeyrings


def test_files_are_searched_below_the_root_of_the_host(tmp_path: Path) -> None:
    context = context_on(tmp_path, {}, {})
    place = tmp_path / "etc/primus/primus.cfg"
    assert context.config_path() == place
    with pytest.raises(PpinuiError):
        context.location()
    assert context.document() is None
    assert context.config_for_defaults() is None
    place.parent.mkdir(parents=True)
    place.write_text(one_hsm())
    assert [hsm.name for hsm in context.read_config().hsms] == ["hsm0"]


def test_a_file_that_cannot_be_read_has_no_defaults(tmp_path: Path) -> None:
    broken = tmp_path / "primus.cfg"
    broken.write_text("primus = {")
    context = context_on(tmp_path, {}, {"config": str(broken)})
    assert context.config_for_defaults() is None
    with pytest.raises(PpinuiError):
        context.document()


def test_a_module_sees_the_files_that_are_named(tmp_path: Path) -> None:
    context = Context({"PATH": "/bin"}, config="a.cfg", secrets="/b", host=host_of(tmp_path))
    assert context.module_environ == {
        "PATH": "/bin",
        "SECUROSYS_PKCS11_CONF": str(Path("a.cfg").absolute()),
        "SECUROSYS_SECRETS_CONF": "/b",
    }


def test_without_a_module_a_test_has_the_reason(tmp_path: Path) -> None:
    options = context_on(tmp_path, {}, {"timeout": 3.0}).probe_options(login=True)
    assert (options.module, options.login, options.timeout) == (None, True, 3.0)
    assert isinstance(options.module_error, ModuleNotFound)


def test_keyrings_are_opened_once_and_closed_with_the_context() -> None:
    opened: list[Context] = []
    closed: list[bool] = []

    class Counted(MemoryKeyrings):
        def close(self) -> None:
            closed.append(True)

    def open_keyrings(context: Context) -> MemoryKeyrings:
        opened.append(context)
        return Counted()

    context = Context({}, open_keyrings=open_keyrings)
    context.close()
    assert (opened, closed) == ([], [])
    assert context.keyrings.store() is not None
    assert context.keyrings.named == KeyringChoice("memory")
    context.close()
    assert (opened, closed) == ([context], [True])


def test_the_option_goes_before_the_variable() -> None:
    environ = {"PPINUI_KEYRING": "vault"}
    assert Context(environ).keyring_choice.named == "vault"
    assert Context(environ, keyring="kwallet", keyring_timeout=2).keyring_choice == KeyringChoice(
        "kwallet", "--keyring", 2
    )
