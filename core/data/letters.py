"""What texts are written in: whether they hold letters, and of which script."""

from collections.abc import Sequence

LATIN = 0x24F  # the last letter of its extensions
MOST = 0.5  # of a text's letters: with more of them in another script than Latin, it is in that script


def hold_letters(texts: Sequence[str]) -> bool:
    """Whether most texts hold a letter; numbers, signs and emoji have none."""
    return sum(any(map(str.isalpha, text)) for text in texts) * 2 > len(texts)


def in_other_script(texts: Sequence[str]) -> bool:
    """Whether most texts have most of their letters in another script than Latin."""
    return sum(map(_is_in_other_script, texts)) * 2 > len(texts)


def _is_in_other_script(text: str) -> bool:
    letters = [letter for letter in text[:500] if letter.isalpha()]
    others = sum(ord(letter) > LATIN for letter in letters)
    return others > MOST * len(letters)
