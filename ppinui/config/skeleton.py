"""What a primus.cfg begins with that is not there yet, in the shape of the vendor's examples."""

from __future__ import annotations

from typing import Final

from ppinui.config.document import Document, parse

VERSION: Final = "1.0"
"""Of the file format, as the vendor documents it."""

_TEXT: Final = f"""\
#---------------------------------
# Primus PKCS#11 configuration
#---------------------------------
version = "{VERSION}";

/*--- GLOBAL CONFIGURATION SECTION ----------------------------------------*/
primus:
{{
  wait_delay = 250; /* in ms */
  wait_max_tries = 5;
  connect_on_init = true;

  /*--- HSM CONFIGURATION SECTION -----------------------------------------*/
  hsms:
  {{
  }}; /* end hsms */

  /*--- LOG CONFIGURATION SECTION -----------------------------------------*/
  log:
  {{
    file = "/var/log/primus/primus.log";
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


def begun(document: Document | None, origin: str) -> Document:
    """A document to add the first HSM to; None stands for a file that is not there.

    One without any text gets a beginning with the documented defaults and no HSM. One without settings,
    of comments alone, gets its version. All others are as they were.
    """
    if document is None or not document.text.strip():
        return parse(_TEXT, origin)
    if not document.root.children:
        return document.insert("", "version", VERSION)
    return document
