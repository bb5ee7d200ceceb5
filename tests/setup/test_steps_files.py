"""The steps on files: provider, folders, HSMs, partitions, and the primus.cfg that comes of them."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from ppinui.config.primus_config import read
from ppinui.errors import ExitCode
from ppinui.libconfig.document import load
from ppinui.services.context import Account
from ppinui.setup.kinds.primus_kinds import DEVELOPER_PROGRAM, ON_PREMISES
from ppinui.setup.walkthrough import StepState
from tests.primus_sim.stand import Stand
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user
from tests.setup.walkthrough_rig import at, commands, context_of, do, found, item

SERVICE = {"service_user": "eqabxrfnqqos", "partitions": [{"name": "PAYMENTS"}]}


def test_a_missing_provider_is_a_problem_with_what_to_install(tmp_path: Path) -> None:
    finding = found(at("provider", context_of(tmp_path, {"PATH": "", "PRIMUS_HOME": str(tmp_path)})).page())

    assert finding.state is StepState.PROBLEM
    assert "install the vendor's provider" in str(item(finding, "module").remedy)
    assert item(finding, "ppin").state is StepState.TO_DO


def test_a_provider_that_is_there_is_named(primus_standalone: Stand, tmp_path: Path) -> None:
    finding = found(at("provider", context_of(tmp_path, primus_standalone.environ)).page())

    assert finding.state is StepState.DONE
    assert str(primus_standalone.module) in item(finding, "module").message
    assert "Primus HSM PKCS#11 2.2.4" in item(finding, "ppin").message


def test_what_root_has_to_do_is_named_as_commands(tmp_path: Path) -> None:
    finding = found(at("folders", context_of(tmp_path, group=None)).page())

    assert finding.state is StepState.TO_DO
    assert commands(finding) == [
        "sudo groupadd --system primus",
        "sudo usermod -aG primus alice",
        f"sudo install -d -m 0750 -g primus {tmp_path}/etc/primus",
        f"sudo install -d -m 0770 -g primus {tmp_path}/var/log/primus",
    ]


def test_folders_are_made_where_this_account_may(tmp_path: Path) -> None:
    walk = at("folders", context_of(tmp_path))

    assert do(walk) is None
    finding = found(walk.page())
    assert (finding.state, finding.action) == (StepState.DONE, None)
    assert stat.S_IMODE((tmp_path / "etc/primus").stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "var/log/primus").stat().st_mode) == 0o770


def test_files_that_everybody_can_read_are_a_problem_with_its_command(tmp_path: Path) -> None:
    folder = tmp_path / "etc/primus"
    folder.mkdir(parents=True)
    (folder / "primus.cfg").write_text("primus: { hsms: { }; };\n")
    (folder / ".secrets.cfg").write_text("")
    for file in folder.iterdir():
        file.chmod(0o644)
    root = Account(0, "root", frozenset(), is_service=False)
    finding = found(at("folders", context_of(tmp_path, group=None, account=root)).page())

    assert finding.state is StepState.PROBLEM
    assert {f"chmod 0640 {file}" for file in folder.iterdir()} <= {one.remedy for one in finding.items}


def test_a_published_cluster_fills_in_its_endpoints(tmp_path: Path) -> None:
    walk = at("hsms", context_of(tmp_path), cluster="ECODE01")

    assert walk.answers.rows("hsms") == (
        {"host": "de01-api.cloudshsm.com", "port": "2310", "priority": 0},
        {"host": "ch01-api.cloudshsm.com", "port": "2310", "priority": 1},
    )


def test_a_platinum_cluster_asks_for_its_number(tmp_path: Path) -> None:
    walk = at("cluster", context_of(tmp_path), cluster="PLAXX")
    assert walk.page().unanswered == ("platinum_number",)

    walk = at("hsms", context_of(tmp_path), cluster="PLAXX", platinum_number=3)
    assert [row["host"] for row in walk.answers.rows("hsms")] == ["pla03-api.cloudshsm.com"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"host": "https://a"}], "HSM 1, host: .*is a URL"),
        ([{"host": "a", "port": "x"}], "HSM 1, port"),
        ([{"host": "a", "priority": 128}], "HSM 1, priority: enter a number from 0 to 127"),
        ([{"host": "a"}, {"host": "A."}], "two HSMs have the address a:2310"),
    ],
)
def test_hsms_that_cannot_be_are_refused(rows: list[dict[str, object]], words: str, tmp_path: Path) -> None:
    flaws = at("hsms", context_of(tmp_path), cluster="other").answer({"hsms": rows})

    assert re.search(words, flaws["hsms"])


def test_partitions_of_one_name_or_id_are_refused(tmp_path: Path) -> None:
    walk = at("partitions", context_of(tmp_path), cluster="ECO01/ECO02")

    flaws = walk.answer({"partitions": [{"name": "A"}, {"name": "A"}]})
    assert flaws == {"partitions": "two partitions have the name A"}
    flaws = walk.answer({"partitions": [{"name": "A", "id": 1}, {"name": "B", "id": 1}]})
    assert flaws == {"partitions": "two partitions have the id 1"}


def test_nothing_is_written_before_the_user_says_so(tmp_path: Path) -> None:
    (tmp_path / "etc/primus").mkdir(parents=True)
    walk = at("save", context_of(tmp_path), cluster="ECO01/ECO02", **SERVICE)

    finding = found(walk.page())
    assert finding.state is StepState.TO_DO
    assert "master of CloudHSM ECO01/ECO02" in finding.blocks[0].text
    assert list((tmp_path / "etc/primus").iterdir()) == []
    assert not walk.page().may_go_on
    assert do(walk) is None
    assert found(walk.page()).state is StepState.DONE
    path = tmp_path / "etc/primus/primus.cfg"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [slot.proxy_user for slot in read(load(path)).slots] == ["eqabxrfnqqos"] * 2


def test_what_is_in_the_file_already_is_the_answer_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "etc/primus").mkdir(parents=True)
    context = context_of(tmp_path)
    do(at("save", context, cluster="ECODE01", **SERVICE))

    again = at("save", context)
    assert again.answers.text("cluster") == "ECODE01"
    assert again.answers.text("service_user") == "eqabxrfnqqos"
    assert again.answers.rows("partitions") == ({"name": "PAYMENTS", "client_id": "PAYMENTS", "id": 0},)
    assert found(again.page()).state is StepState.DONE


def test_hsms_of_one_host_are_told_apart_by_their_ports(tmp_path: Path) -> None:
    rows = tuple({"host": "tunnel", "port": str(2310 + number), "priority": number} for number in (0, 1))
    context = context_of(tmp_path)
    (tmp_path / "etc/primus").mkdir(parents=True)
    walk = at("save", context, ON_PREMISES, hsms=list(rows), partitions=[{"name": "PAYMENTS"}])
    assert do(walk) is None

    assert at("partitions", context, ON_PREMISES).answers.rows("hsms") == rows


def test_a_change_to_a_file_is_shown_as_a_diff_with_its_passwords_masked(tmp_path: Path) -> None:
    folder = tmp_path / "etc/primus"
    folder.mkdir(parents=True)
    (folder / "primus.cfg").write_text(
        'version = "1.0";\nprimus: { hsms: {\n  hsm0: { host = "a"; port = "2310"; pin = "s3cret"; slots: {\n'
        '    slot0: { user_name = "A"; id = 0; };\n  }; };\n}; };\n'
    )
    walk = at("save", context_of(tmp_path), ON_PREMISES, partitions=[{"name": "A"}, {"name": "B"}])

    (diff,) = found(walk.page()).blocks
    assert "+" in diff.text
    assert 'user_name = "B"' in diff.text
    assert "s3cret" not in diff.text
    assert do(walk) is None
    assert "s3cret" in (folder / "primus.cfg.bak").read_text()


def test_hsms_that_are_not_named_stay_and_are_mentioned(tmp_path: Path) -> None:
    folder = tmp_path / "etc/primus"
    folder.mkdir(parents=True)
    (folder / "primus.cfg").write_text(
        'primus: { hsms: { lab: { host = "l"; port = "1"; slots: { }; }; }; };\n'
    )
    walk = at(
        "save",
        context_of(tmp_path),
        ON_PREMISES,
        hsms=[{"host": "a"}],
        partitions=[{"name": "A"}],
    )

    (note,) = [one for one in found(walk.page()).items if one.subject == "note"]
    assert "lab (l) is in the file too, and stays" in note.message
    assert note.remedy
    assert "ppinui config remove lab" in note.remedy


def test_an_id_that_is_taken_leads_back_to_the_partitions(tmp_path: Path) -> None:
    folder = tmp_path / "etc/primus"
    folder.mkdir(parents=True)
    (folder / "primus.cfg").write_text(
        'primus: { hsms: { h: { host = "a"; port = "2310"; slots: {\n'
        '  s: { user_name = "A"; id = 0; }; }; }; }; };\n'
    )
    finding = found(at("save", context_of(tmp_path), ON_PREMISES, partitions=[{"name": "B", "id": 0}]).page())

    assert (finding.state, finding.back_to) == (StepState.PROBLEM, "partitions")
    assert finding.action is None


def test_who_may_not_write_gets_the_command_for_root() -> None:
    def save_without_rights() -> tuple[str, str, str]:
        (root / "etc/primus").mkdir(parents=True)
        (root / "etc/primus").chmod(0o555)
        walk = at("save", context_of(root), cluster="ECO01/ECO02", **SERVICE)
        outcome = do(walk)
        assert outcome is not None
        assert outcome.state is StepState.PROBLEM
        draft = Path(commands(outcome)[0].split()[-2])
        (root / "etc/primus").chmod(0o755)
        return commands(outcome)[0], draft.read_text(), oct(draft.stat().st_mode)

    with folder_of_ordinary_user() as root:
        command, draft, mode = as_ordinary_user(save_without_rights)
    assert command.startswith("sudo install -b -m 0640 -o root -g primus ")
    assert command.endswith(f"{root}/etc/primus/primus.cfg")
    assert "ch01-api.cloudshsm.com" in draft
    assert mode.endswith("600")


def test_the_developer_program_knows_its_hsms(tmp_path: Path) -> None:
    walk = at("partitions", context_of(tmp_path), DEVELOPER_PROGRAM, developer_hsm="nufenen")
    assert walk.answers.rows("hsms") == ({"host": "nufenen.securosys.ch", "port": "2411", "priority": 0},)
    assert "service_user" not in {one.question.id for one in walk.page().asked}

    walk = at("partitions", context_of(tmp_path), DEVELOPER_PROGRAM, developer_hsm="oberalp")
    assert "service_user" in walk.page().unanswered


def test_without_a_usable_answer_the_exit_code_is_that_of_wrong_input(tmp_path: Path) -> None:
    folder = tmp_path / "etc/primus"
    folder.mkdir(parents=True)
    (folder / "primus.cfg").write_text("primus: {\n")

    assert found(at("save", context_of(tmp_path), ON_PREMISES).page()).exit_code is ExitCode.USAGE
