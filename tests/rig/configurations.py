"""A primus.cfg as people have it: one HSM, or two with a partition on both, in the vendor's layout."""

from __future__ import annotations

from textwrap import indent


def one_hsm(*, hsm0: str = "") -> str:
    """`hsm0` with the partition PAYMENTS; `hsm0` is a further line in its group."""
    return _file([], [_first(hsm0, _payments())], [])


def two_hsms(*, settings: str = "", hsm0: str = "", slot0: str = "", slot1: str = "", log: str = "") -> str:
    """PAYMENTS on both, SIGNING on `hsm0`; with further lines in `primus`, `hsm0`, its slots, and `log`."""
    signing = _group("slot1", 'client_id = "sign";', 'user_name = "SIGNING";', slot1, "id = 2;")
    place = 'host = "10.1.2.4";   // second data centre'
    second = _group("hsm1", place, 'port = "2410";', "priority = 1;", _group("slots", _payments()))
    hsms = [_first(hsm0, _payments(slot0), signing), "\n", second]
    traced = _group("log", 'file = "/var/log/primus/primus.log";', log, "trace_level = 4;")
    return _file([settings, "\n"] if settings else [], hsms, ["\n", traced])


def _file(settings: list[str], hsms: list[str], more: list[str]) -> str:
    delay = "wait_delay = 250; /* in ms */"
    return 'version = "1.0";\n' + _group("primus", delay, *settings, _group("hsms", *hsms), *more)


def _first(more: str, *slots: str) -> str:
    place = 'host = "10.1.2.3";   // first data centre'
    return _group("hsm0", place, 'port = "2310";', more, _group("slots", *slots))


def _payments(more: str = "") -> str:
    return _group("slot0", 'client_id = "pay";', 'user_name = "PAYMENTS";', more, "id = 1;")


def _group(name: str, *lines: str) -> str:
    """A group whose end says its name; empty lines are left out."""
    content = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines if line)
    return f"{name}:\n{{\n{indent(content, '  ')}}}; /* end {name} */\n"
