"""A primus.cfg that no check has anything to say about, and edits of it."""

SOUND = """\
version = "1.0";
primus:
{
  wait_delay = 250;
  wait_max_tries = 5;
  connect_on_init = true;
  hsms:
  {
    hsm0:
    {
      host = "ch01-api.cloudshsm.com";
      port = "2310"; /* of hsm0 */
      priority = 0; /* of hsm0 */
      slots:
      {
        slot0:
        {
          client_id = "app"; /* 00 */
          user_name = "ALPHA"; /* 00 */
          proxy_user = "ticket"; /* 00 */
          id = 1; /* 00 */
        };
        slot1:
        {
          client_id = "app"; /* 01 */
          user_name = "BETA"; /* 01 */
          proxy_user = "ticket"; /* 01 */
          id = 2; /* 01 */
        };
      }; /* slots of hsm0 */
    };
    hsm1:
    {
      host = "ch02-api.cloudshsm.com";
      port = "2310"; /* of hsm1 */
      priority = 1; /* of hsm1 */
      slots:
      {
        slot0:
        {
          client_id = "app"; /* 10 */
          user_name = "ALPHA"; /* 10 */
          proxy_user = "ticket"; /* 10 */
          id = 1; /* 10 */
        };
        slot1:
        {
          client_id = "app"; /* 11 */
          user_name = "BETA"; /* 11 */
          proxy_user = "ticket"; /* 11 */
          id = 2; /* 11 */
        };
      }; /* slots of hsm1 */
    };
  };
  log:
  {
    file = "/var/log/primus/primus.log";
    write_log_file = true;
    write_syslog = true;
    trace_mask = 0x00;
    trace_level = 4;
  };
};
"""


def edited(*edits: tuple[str, str]) -> str:
    """The sound file with pieces replaced, each of which is there exactly once."""
    text = SOUND
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def without(first: str, last: str) -> tuple[str, str]:
    """The edit that takes out everything from one line's text to another's, both included."""
    start = SOUND.index(first)
    return SOUND[start : SOUND.index(last, start) + len(last)], ""


def line_of(text: str, piece: str) -> int:
    """The number of the first line that holds a piece of text."""
    return text[: text.index(piece)].count("\n") + 1
