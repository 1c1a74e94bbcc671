"""Forms that hold no text with a class are named."""

import pytest

from core.data.read import read
from core.errors import BadData

CONLL = (
    "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\nGerman JJ B-NP B-MISC\ncall NN I-NP O\n. . O O\n\n"
)
UNIVERSAL = "# sent_id = 1\n# text = They buy\n1\tThey\tthey\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n"
UNIVERSAL += "2\tbuy\tbuy\tVERB\tVBP\t_\t0\troot\t_\t_\n\n"


@pytest.mark.parametrize(
    "content, what",
    [
        (CONLL * 20, "CoNLL"),
        ("Ana\tB-PER\nlives\tO\nhere\tO\n\n" * 20, "CoNLL"),
        ("Ana B-PER\r\nlives O\r\nhere O\r\n\r\n" * 20, "CoNLL"),
        (UNIVERSAL * 20, "CoNLL"),
        ("+1 1:0.5 7:1 300:2e-3\n-1 2:1\n" * 20, "LIBSVM"),
        ("3 qid:1 1:0.5 7:1 # doc\n0 qid:1 2:1\n" * 20, "LIBSVM"),
    ],
)
def test_words_with_tags_and_numbered_features(file, content, what):
    with pytest.raises(BadData, match=what) as error:
        read(file(content))
    assert "one row for each text" in error.value.do


@pytest.mark.parametrize(
    "content",
    [
        "ham\thello there O\n\nspam\twin now O\n\n" * 20,
        "NUM:count how many are there\nLOC:other where is it\n" * 20,
        "".join(f"{i % 2} at 12:{i:02} it rains\n" for i in range(40)),
    ],
)
def test_texts_that_look_a_little_alike_are_read(file, content):
    assert len(read(file(content)).texts) == 40
