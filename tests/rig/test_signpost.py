"""A signpost leads the names that it has, in whatever a program starts, and no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.rig.program import environment
from tests.rig.signpost import make_signpost

LOOK_UP = "import socket, sys\nprint(*(socket.getaddrinfo(name, 1)[0][4][0] for name in sys.argv[1:]))"


def test_names_and_addresses_lead_where_it_says(tmp_path: Path) -> None:
    signpost = make_signpost(tmp_path, {"hsm.example.com": "127.3.2.1", "10.1.2.3": "127.3.2.2"})
    names = ["hsm.example.com", "10.1.2.3", "10.1.2.30", "127.0.0.1"]
    shell = ["sh", "-c", 'exec "$@"', "sh", sys.executable, "-c", LOOK_UP, *names]
    done = subprocess.run(shell, env=environment(signpost), capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["127.3.2.1", "127.3.2.2", "10.1.2.30", "127.0.0.1"]
