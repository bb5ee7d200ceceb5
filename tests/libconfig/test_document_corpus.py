"""The same verdict as the C libconfig 1.5 on every text of corpus.tsv; no differences are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.libconfig.document import ConfigSyntaxError, parse
from ppinui.libconfig.includes import decode
from tests.libconfig.c_libconfig import Witness
from tests.libconfig.made_documents import exactly, tree_of


def _corpus() -> list[tuple[bool, bytes, str]]:
    lines = Path(__file__).with_name("corpus.tsv").read_text(encoding="ascii").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("# ")]
    return [
        (verdict == "accept", text.encode("ascii").decode("unicode_escape").encode("latin-1"), about)
        for verdict, text, about in rows
    ]


CORPUS = _corpus()


def test_the_corpus_is_large_and_says_nothing_twice() -> None:
    assert len(CORPUS) >= 120
    assert len({text for _, text, _ in CORPUS}) == len(CORPUS)


def test_the_c_library_gives_the_verdicts_of_the_corpus(witness: Witness) -> None:
    verdicts = witness.read([text for _, text, _ in CORPUS])
    wrong = [
        about
        for (accept, _, about), said in zip(CORPUS, verdicts, strict=True)
        if said.accepted is not accept
    ]
    assert wrong == []


@pytest.mark.parametrize(("accept", "text", "about"), CORPUS, ids=[about for _, _, about in CORPUS])
def test_a_text_is_accepted_as_the_c_library_does(accept: bool, text: bytes, about: str) -> None:
    if accept:
        assert parse(decode(text)).text == decode(text)
    else:
        with pytest.raises(ConfigSyntaxError) as refused:
            parse(decode(text))
        assert refused.value.found
        assert refused.value.expected
        assert refused.value.remedy


def test_every_accepted_text_has_the_values_that_the_c_library_reads(witness: Witness) -> None:
    accepted = [text for accept, text, _ in CORPUS if accept]
    for text, said in zip(accepted, witness.read(accepted), strict=True):
        assert exactly(tree_of(parse(decode(text)).root)) == exactly(said.tree()), text
