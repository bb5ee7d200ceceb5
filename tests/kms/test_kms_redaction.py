"""Diffs of a kms.toml show no secret, of the KMS's other settings neither."""

from __future__ import annotations

import pytest

from ppinui.kms.kms_redaction import masked_diff

OTHERS = """api_token_id = "canary-token"
# hsm_password = ["canary-comment"]
# the PIN was canary4711 before
hsm_slot = [1]
hsm_password = ["canary-one", '<NO_LOGIN>', "", "secret://kv/hsm#pin"] # as told
[tls]
tls_p12_password = '''canary
-lines'''
url = "postgresql://kms:canary-url@db/x"
"""


def test_only_references_and_words_of_the_kms_are_shown() -> None:
    diff = masked_diff(OTHERS, OTHERS.replace("[1]", "[2]"), "kms.toml")
    assert "canary" not in diff
    assert "+hsm_slot = [2]\n" in diff
    assert ' hsm_password = [••••, \'<NO_LOGIN>\', "", "secret://kv/hsm#pin"] # as told\n' in diff
    assert " # hsm_password = [••••]\n # the PIN was •••• before\n" in diff
    assert masked_diff(OTHERS, OTHERS, "kms.toml") == ""


def test_a_pin_that_changes_is_seen_to_change() -> None:
    diff = masked_diff(OTHERS, OTHERS.replace("canary-one", "canary-two"), "kms.toml")
    assert "canary" not in diff
    assert "(changed)" in diff


@pytest.mark.parametrize("old", ["", OTHERS])
def test_the_rest_of_a_file_is_shown(old: str) -> None:
    assert "+port = 1\n" in masked_diff(old, old + "port = 1\n", "kms.toml")


def test_the_text_behind_a_text_of_several_lines_is_shown() -> None:
    diff = masked_diff(OTHERS, OTHERS.replace('url = "', 'url = "x'), "kms.toml")
    assert " tls_p12_password = ••••\n ••••\n" in diff
    assert '+url = "xpostgresql://••••@db/x"\n' in diff
