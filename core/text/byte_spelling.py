"""A byte-level BPE as other software keeps it: bytes spelled as characters, merges of two tokens, tokenizer.json."""

from collections.abc import Mapping
from itertools import pairwise

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

RUN = 4096  # characters
# white space, spelled out: engines of regular expressions do not agree on what it is
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# the parts of a long text: up to the last end of a word within RUN characters, else RUN characters
PARTS = rf"[\s\S]{{0,{RUN - 1}}}[^{_SPACE}](?=[{_SPACE}])|[\s\S]{{1,{RUN}}}"


def spelling() -> dict[int, str]:
    """GPT-2's spelling of bytes in its vocabulary files: printable Latin-1 as itself, the rest from U+0100 on."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = (byte for byte in range(256) if byte not in plain)
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}


def tokenizer_json(ranks: Mapping[bytes, int], special: str, id: int) -> str:
    """A tokenizer.json of a BPE with GPT-2's pattern: `ranks` are its tokens with their ids, `id` is the special one's.

    Its tokens are those of tiktoken, from the same ranks.
    """
    spell = spelling()
    vocabulary = {"".join(spell[b] for b in token): rank for token, rank in ranks.items()}
    bpe = Tokenizer(models.BPE(vocabulary | {special: id}, merges(ranks)))
    parts = pre_tokenizers.Split(Regex(PARTS), "isolated")
    bpe.pre_tokenizer = pre_tokenizers.Sequence([parts, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    bpe.decoder = decoders.ByteLevel()
    bpe.add_special_tokens([special])
    return bpe.to_str()


def merges(ranks: Mapping[bytes, int]) -> list[tuple[str, str]]:
    """Which two tokens each longer one is made of, as they are spelled, in the order they were learned."""
    spell = spelling()
    pairs = (_halves(token, ranks) for token in sorted(ranks, key=ranks.__getitem__) if len(token) > 1)
    return [("".join(spell[b] for b in left), "".join(spell[b] for b in right)) for left, right in pairs]


def _halves(token: bytes, ranks: Mapping[bytes, int]) -> list[bytes]:
    """The last merge that yields a token: BPE on its bytes with only the merges learned before it."""
    parts, limit = [bytes([b]) for b in token], ranks[token]
    while len(parts) > 2:
        candidates = ((ranks.get(a + b, limit), i) for i, (a, b) in enumerate(pairwise(parts)))
        _, i = min(candidates)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return parts
