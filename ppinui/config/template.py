"""What a primus.cfg begins with that is not there yet, in the shape of the vendor's examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ppinui.libconfig.document import Document, parse
from ppinui.libconfig.insert import insert
from ppinui.libconfig.scalars import write_scalar

VERSION: Final = "1.0"
"""Of the file format, as the vendor documents it."""

LOG_FILE: Final = "/var/log/primus/primus.log"
"""In a folder of the group primus; the documented default lies where everybody can write."""

_TEXT: Final = """\
#---------------------------------
# Primus PKCS#11 configuration
#---------------------------------
version = "{version}";

/*--- GLOBAL CONFIGURATION SECTION ----------------------------------------*/
primus:
{{
  wait_delay = 250; /* in ms */
  wait_max_tries = 5;
  connect_on_init = true;

  /*--- HSM CONFIGURATION SECTION -----------------------------------------*/
  hsms:
  {{
{hsms}  }}; /* end hsms */

  /*--- LOG CONFIGURATION SECTION -----------------------------------------*/
  log:
  {{
    file = {log_file};
    write_log_file      = true;     /* write to log-file */
    write_syslog        = true;     /* write to syslog */
    trace_linenumber    = false;    /* true or false */
    trace_timestamp     = true;     /* true or false */
    trace_function      = true;     /* true or false */
    trace_inout         = false;    /* true or false */
    trace_pid           = true;     /* true or false */
    trace_filename      = false;    /* true or false */
    trace_mask          = 0x00;
    trace_level         = 4;        /* 0-7 log level details */
  }}; /* end log */
}}; /* end primus */
"""

_HSM: Final = """\
    /*--- {title} */
    {name}:
    {{
      host = {host};
      port = {port};
      priority = {priority}; /* 0-127, the smallest is tried first */
      slots:
      {{
{slots}      }}; /* end slots */
    }}; /* end {name} */
"""

_SLOT: Final = """\
        {name}:
        {{
          client_id  = {client_id}; /* names the application in the HSM's log */
          user_name  = {user_name}; /* the partition */
{proxy}          id = {id}; /* PKCS#11 slot id, the same on every HSM */
        }}; /* end {name} */
"""
_PROXY: Final = "          proxy_user = {proxy_user}; /* service user of the proxy */\n"


@dataclass(frozen=True)
class NewSlot:
    """A slot of a file that is to be written. ``proxy_user``: the service user, None without a proxy."""

    user_name: str
    id: int
    client_id: str
    proxy_user: str | None = None


@dataclass(frozen=True)
class NewHsm:
    """An HSM of a file that is to be written. ``words`` say in a comment what it is."""

    host: str
    port: str
    priority: int
    words: str
    slots: tuple[NewSlot, ...]


def render(hsms: Sequence[NewHsm], *, log_file: str = LOG_FILE) -> str:
    """The text of a whole primus.cfg for these HSMs: hsm0, hsm1, … with the documented defaults."""
    return _TEXT.format(
        version=VERSION,
        log_file=write_scalar(log_file),
        hsms="\n".join(_hsm(number, hsm) for number, hsm in enumerate(hsms)),
    )


def _hsm(number: int, hsm: NewHsm) -> str:
    slots = [
        _SLOT.format(
            name=f"slot{place}",
            client_id=write_scalar(slot.client_id),
            user_name=write_scalar(slot.user_name),
            proxy=_PROXY.format(proxy_user=write_scalar(slot.proxy_user)) if slot.proxy_user else "",
            id=slot.id,
        )
        for place, slot in enumerate(hsm.slots)
    ]
    return _HSM.format(
        title=f"HSM{number}, {hsm.words}",
        name=f"hsm{number}",
        host=write_scalar(hsm.host),
        port=write_scalar(hsm.port),
        priority=hsm.priority,
        slots="\n".join(slots),
    )


def with_header(document: Document | None, origin: str) -> Document:
    """A document to add the first HSM to; None stands for a file that is not there.

    One without any text gets a beginning with the documented defaults and no HSM. One without settings,
    of comments alone, gets its version. All others are as they were.
    """
    if document is None or not document.text.strip():
        return parse(render(()), origin)
    if not document.root.children:
        return insert(document, "", "version", VERSION)
    return document
