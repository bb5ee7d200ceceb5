"""What the commands on slots, tokens and objects work with: the module, and how to reach its tokens."""

from __future__ import annotations

import argparse
import os

from ppinui.provider.library import find_module
from ppinui.token.conversation import Access
from ppinui.token.workshop import warm_up


def access_of(arguments: argparse.Namespace) -> Access:
    """The module that the arguments choose. Raises ModuleNotFound."""
    environ = dict(os.environ)
    # what a Primus provider reads, should it be allowed to connect
    for variable, file in (
        ("SECUROSYS_PKCS11_CONF", arguments.config),
        ("SECUROSYS_SECRETS_CONF", arguments.secrets),
    ):
        if file:
            environ[variable] = os.path.abspath(file)
    module = find_module(arguments.module).path
    warm_up()
    return Access(module, environ, timeout=arguments.timeout, connect=arguments.connect)
