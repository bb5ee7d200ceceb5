"""A primus.cfg as a user has it, to look at and to edit."""

from __future__ import annotations

from pathlib import Path

import pytest

TEXT = """\
# the configuration of the payment servers
version = "1.0";

primus:
{
  wait_delay = 250; /* in ms */
  connect_on_init = true;
  vendor_extra = [ 1, 2, 3 ];
  retry_factor = 1.5;

  hsms:
  {
    hsm0:
    {
      host = "10.1.2.3";   // first data centre
      port = "2310";
      pin = "FXAJX-XWVQ3";
      slots:
      {
        slot0:
        {
          client_id = "pay";
          user_name = "PAYMENTS";
          /* proxy_password = "0LDSECRET"; */
          id = 1;
        }; /* end slot0 */
        slot1:
        {
          client_id = "sign";
          user_name = "SIGNING";
          color = "blue";
          id = 2;
        }; /* end slot1 */
      }; /* end slots */
    }; /* end hsm0 */

    hsm1:
    {
      host = "10.1.2.4";   // second data centre
      port = "2410";
      priority = 1;
      slots:
      {
        slot0:
        {
          client_id = "pay";
          user_name = "PAYMENTS";
          id = 1;
        }; /* end slot0 */
      }; /* end slots */
    }; /* end hsm1 */
  }; /* end hsms */

  log:
  {
    file = "/var/log/primus/primus.log";
    trace_mask = 0x00;
    trace_level = 4;
  }; /* end log */
}; /* end primus */
"""
SECRETS = ("FXAJX-XWVQ3", "0LDSECRET")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A primus.cfg with two HSMs, unknown settings, a password, and another one in a comment."""
    file = tmp_path / "primus.cfg"
    file.write_text(TEXT)
    file.chmod(0o640)
    return file
