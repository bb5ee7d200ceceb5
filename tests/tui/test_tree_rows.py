"""The rows of the tree: what is told at 80 and at 200 columns, with long ids, names and hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import Driver, Run

HOST = "hsm-12.payments.datacentre-north.example.com"
TEXT = f"""\
version = "1.0";
primus:
{{
  hsms:
  {{
    hsm0:
    {{
      host = "10.1.2.3"; port = "2310"; priority = 1;
      slots:
      {{
        slot0: {{ user_name = "PAYMENTS"; id = 1234567890; }};
        slot1: {{ user_name = "SIGNING"; id = 0x7FFFFFFF; }};
        slot2: {{ user_name = "A_PARTITION_WITH_A_LONG_NAME"; id = 3; }};
        slot10: {{ user_name = "LEDGER"; id = 4; }};
      }};
    }};
    hsm1: {{ host = "{HOST}"; port = "2310"; slots: {{ slot7: {{ user_name = "PAYMENTS"; id = 5; }}; }}; }};
  }};
}};
"""


@pytest.fixture
def config(config: Path) -> Path:
    config.write_text(TEXT)
    return config


def tree(app: Driver) -> dict[str, str]:
    """The rows as they are seen, by the first two words (the name, what comes behind it)."""
    rows = [line.partition("│")[0] for line in app.text.split("\n")[1:]]
    found = {}
    for row in rows:
        words = row.replace(">", " ").replace("▾", " ").split()
        if words and words[0].startswith(("hsm", "slot")):
            found[" ".join(words[:2])] = row
    return found


def test_at_80_columns_the_partition_is_whole_and_every_state_is_seen(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until(lambda: app.text.count(" n/a ") == 5)
        rows = tree(app)
        assert {"slot0 PAYMENTS", "slot1 SIGNING", "slot10 LEDGER"} <= set(rows)
        for name, row in rows.items():
            if name.startswith("slot"):
                assert row.split()[-3] == "n/a", row  # there is no keyring in this test
            assert row.split()[-1] in ("never", "–"), row
        assert rows["hsm0 10.1.2.3:2310"].split()[3:5] == ["prio", "1"]

    run(steps, size=(80, 24))


def test_at_80_columns_what_is_cut_off_is_the_end_and_shows_as_an_ellipsis(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until(lambda: app.text.count(" n/a ") == 5)
        rows = tree(app)
        assert "PAYMENTS  1234… " in rows["slot0 PAYMENTS"]
        (long,) = (row for row in rows.values() if "A_PARTITION" in row)
        assert "A_PARTITION_WI… " in long
        assert "hsm-12.payments" in next(row for name, row in rows.items() if name.startswith("hsm1"))

    run(steps, size=(80, 24))


def test_the_states_stand_below_each_other(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until(lambda: app.text.count(" n/a ") == 5)
        rows = tree(app)
        assert len({row.rstrip().rindex(row.split()[-1]) for row in rows.values()}) == 1
        assert len({row.index(" n/a ") for name, row in rows.items() if name.startswith("slot")}) == 1

    run(steps, size=(80, 24))


def test_at_200_columns_nothing_is_cut_off(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until(lambda: app.text.count(" no keyring ") == 5)
        rows = tree(app)
        assert "2147483647" in rows["slot1 SIGNING"]
        assert "slot2 A_PARTITION_WITH_A_LONG_NAME" in rows
        assert f"hsm1 {HOST}:2310" in rows
        assert not any("…" in row for row in rows.values())

    run(steps, size=(200, 60))
