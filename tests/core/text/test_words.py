"""Text in words, for a model that has no tokens."""

import pytest

from core.text.words import WordTokenizer, split


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("see you", ["see", " you"]),
        ("  see\n you  ", ["  see", "\n you", "  "]),
        ("很好的 hotel房间", ["很", "好", "的", " hotel", "房", "间"]),
        ("", []),
        ("😀 ok", ["😀", " ok"]),
    ],
)
def test_words_together_are_the_text(text, words):
    assert split(text) == words and "".join(words) == text
    assert len(WordTokenizer().encode(text).ids) == len(words)
    assert b"".join(piece.content for piece in WordTokenizer().pieces(text)).decode() == text
