"""The demo's primus.cfg: commented, in the shape that the vendor's examples have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Partition:
    """A slot of the demo: the partition's name and its PKCS#11 slot id."""

    user: str
    id: int


@dataclass(frozen=True)
class Endpoint:
    """An HSM of the demo: where it listens, and its partitions."""

    host: str
    port: int
    partitions: tuple[Partition, ...]


_HEAD = """\
#---------------------------------
# Primus PKCS#11 configuration
# made by `ppinui demo`, goes with it
#---------------------------------
version = "1.0";

/* Two HSMs with two partitions each. In place of the HSMs there are listeners  */
/* on this machine, in place of the partitions there are SoftHSM2 tokens. Their */
/* slot ids are drawn by SoftHSM2; on an HSM one counts from 0.                 */

/*--- GLOBAL CONFIGURATION SECTION ----------------------------------------*/
primus:
{
  wait_delay = 250; /* in ms */
  wait_max_tries = 5;
  connect_on_init = true;

  /*--- HSM CONFIGURATION SECTION -----------------------------------------*/
  hsms:
  {
"""

_HSM_HEAD = """\
    /*--- HSM{number}, {words} */
    hsm{number}:
    {{
      host = "{host}";
      port = "{port}";
      priority = {number}; // the smaller is tried first
      slots:
      {{
"""

_SLOT = """\
        slot{number}:
        {{
          client_id = "ppinui demo";
          user_name = "{user}";
          /* proxy_user = "SERVICE_USER";    if proxy in use */
          id = {id};
        }}; /* end slot{number} */
"""

_HSM_TAIL = """\
      }}; /* end slots */
    }}; /* end hsm{number} */
"""

_TAIL = """\
  }}; /* end hsms */

  /*--- LOG CONFIGURATION SECTION -----------------------------------------*/
  log:
  {{
    file = "{log}";
    write_log_file      = true;     /* write to log-file */
    write_syslog        = false;    /* write to syslog */
    trace_timestamp     = true;     /* true or false */
    trace_function      = true;     /* true or false */
    trace_pid           = true;     /* true or false */
    trace_mask          = 0x00;
    trace_level         = 4;        /* 0-7 log level details */
  }}; /* end log */

}}; /* end primus */
"""


def configuration(endpoints: Sequence[Endpoint], log_file: Path) -> str:
    """The text of a primus.cfg for these HSMs, which are named hsm0, hsm1, … in their order."""
    text = [_HEAD]
    for number, endpoint in enumerate(endpoints):
        words = "the first to be tried" if number == 0 else "tried when those before it do not answer"
        text.append(_HSM_HEAD.format(number=number, words=words, host=endpoint.host, port=endpoint.port))
        slots = [
            _SLOT.format(number=place, user=partition.user, id=partition.id)
            for place, partition in enumerate(endpoint.partitions)
        ]
        text.append("\n".join(slots))
        text.append(_HSM_TAIL.format(number=number))
        if number + 1 < len(endpoints):
            text.append("\n")
    text.append(_TAIL.format(log=_escaped(str(log_file))))
    return "".join(text)


def _escaped(value: str) -> str:
    # The folder for temporary files is the user's choice, and may have such a name.
    return value.replace("\\", "\\\\").replace('"', '\\"')
