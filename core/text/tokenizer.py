"""Tokenizers: text to token ids and back to the bytes each token stands for."""

import base64
import hashlib
import lzma
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import tiktoken

from core import assets, files
from core.architectures.models import TOKENS, ModelPreset, is_folder
from core.errors import BadModel
from core.files import Progress

# tokenizers that come with the program: the file of their tokens, and the SHA-256 of the lines inside
BUILT_IN = {
    "gpt2": ("gpt2.tiktoken.xz", "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"),
    "nano": (f"nano/{TOKENS}", "92e2a0f5afab481b478b40d4dcdaa7f379704d2802fd9c15a8eb71fa390bbe5c"),
}
# GPT-2's pattern in the form that tiktoken matches fastest: the same pieces, with possessive quantifiers
PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
END_OF_TEXT = "<|endoftext|>"

CHUNK = 500  # texts between two calls of progress
RUN = 4096  # characters
_RUNS = re.compile(r"[^\W\d_]+|\d+|\s+|(?:[^\w\s]|_)+")


class Tokenizer(Protocol):
    """`id` names it in a run, `pad` is the id that fills a batch, `vocab` the number of ids."""

    id: str
    pad: int
    vocab: int

    def encode(self, text: str) -> list[int]: ...

    def pieces(self, text: str) -> list[tuple[int, bytes]]: ...

    def bytes_of(self, ids: Iterable[int]) -> list[bytes]: ...

    def encode_many(self, texts: Sequence[str], progress: Progress | None = None) -> list[np.ndarray]: ...


def cut(ids: Iterable[int], context: int, tokenizer: Tokenizer) -> np.ndarray:
    """Token ids as the model reads them: at most `context`, and one end-of-text token for an empty text."""
    return np.asarray(list(ids)[:context] or [tokenizer.pad], dtype=np.int64)


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates, which no encoding can hold, as U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class BPE:
    """A byte-level BPE with GPT-2's pattern. Every string is ordinary text, `<|endoftext|>` too.

    `ranks` are its tokens, each with its id; the special one comes last, as `pad`, at `vocab` - 1.
    """

    def __init__(self, id: str, ranks: dict[bytes, int], vocab: int):
        self.id, self.ranks, self.pad, self.vocab = id, ranks, vocab - 1, vocab
        self._bytes = [b""] * vocab
        for token, rank in ranks.items():
            self._bytes[rank] = token
        self._bpe = tiktoken.Encoding(
            id, pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={END_OF_TEXT: self.pad}
        )

    def encode(self, text: str) -> list[int]:
        """The ids of a text; none for an empty one."""
        text = well_formed(text)
        if len(text) <= RUN:
            return self._bpe.encode_ordinary(text)
        return [token for part in _bounded(text) for token in self._bpe.encode_ordinary(part)]

    def pieces(self, text: str) -> list[tuple[int, bytes]]:
        """Each id with its bytes. A character of several bytes may be spread over several ids."""
        ids = self.encode(text)
        return list(zip(ids, self.bytes_of(ids), strict=True))

    def bytes_of(self, ids: Iterable[int]) -> list[bytes]:
        """The bytes that each id stands for; none for end-of-text, and for ids that little text left without a token."""
        return [self._bytes[id] for id in ids]

    def encode_many(self, texts: Sequence[str], progress: Progress | None = None) -> list[np.ndarray]:
        """The ids of each text as an int32 array (tokens,), equal to `encode`, on all cores.

        `progress("tokens", done, total, "texts")` is called between chunks; what it raises ends the work.
        """
        encoded: list[np.ndarray] = []
        for start in range(0, len(texts), CHUNK):
            if progress:
                progress("tokens", start, len(texts), "texts")
            encoded += self._chunk([well_formed(text) for text in texts[start : start + CHUNK]])
        if progress:
            progress("tokens", len(texts), len(texts), "texts")
        return encoded

    def _chunk(self, texts: list[str]) -> list[np.ndarray]:
        short = self._bpe.encode_ordinary_batch(
            [text if len(text) <= RUN else "" for text in texts], num_threads=os.cpu_count() or 1
        )
        return [
            np.array(ids if len(text) <= RUN else self.encode(text), dtype=np.int32)
            for text, ids in zip(texts, short, strict=True)
        ]


def _bounded(text: str) -> Iterator[str]:
    """The text in parts that hold no run of over RUN letters, digits, spaces or other signs.

    BPE takes more than linear time in the length of such a run, and the pattern matcher runs out of stack in
    millions of spaces. Cutting may change the tokens at the cuts, but no text that people write holds such
    runs; a text without them comes back whole.
    """
    start = 0
    for match in _RUNS.finditer(text):
        for cut in range(match.start() + RUN, match.end(), RUN):
            yield text[start:cut]
            start = cut
    yield text[start:]


def whole(pieces: Iterable[tuple[int, bytes]]) -> Iterator[tuple[str, int]]:
    """What `Tokenizer.pieces` gives as texts that cut no character in half, each with the tokens it takes.

    A character that the end cuts in half stands as U+FFFD.
    """
    held, n = b"", 0
    for _, piece in pieces:
        held, n = held + piece, n + 1
        try:
            text = held.decode()
        except UnicodeDecodeError:
            continue
        yield text, n
        held, n = b"", 0
    if n:
        yield held.decode(errors="replace"), n


def write(ranks: dict[bytes, int], path: Path) -> None:
    """Put tokens and their ids into a file that `read` reads: tiktoken's lines, compressed."""
    lines = [
        base64.b64encode(token) + b" %d\n" % rank for token, rank in sorted(ranks.items(), key=lambda item: item[1])
    ]
    files.write(path, lzma.compress(b"".join(lines), preset=9))


def read(path: Path, sha256: str | None = None) -> dict[bytes, int]:
    """The tokens of a file and their ids. Raises BadModel where it is damaged: not what `sha256`, of its lines, says."""
    try:
        lines = lzma.decompress(path.read_bytes())
        found = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines.splitlines())}
    except (OSError, lzma.LZMAError, ValueError) as error:
        raise BadModel(
            f"The tokens in {path} cannot be read: {error}.", "Put back the file that belongs to the model."
        ) from error
    whole = all(bytes([byte]) in found for byte in range(256)) and len(set(found.values())) == len(found)
    if not whole or min(found.values()) < 0:
        raise BadModel(f"{path} holds no whole vocabulary.", "Put back the file that belongs to the model.")
    if sha256 and hashlib.sha256(lines).hexdigest() != sha256:
        raise BadModel(f"{path} is damaged.", "Reinstall the workbench.")
    return found


@cache
def tokenizer(name: str) -> BPE:
    """A tokenizer that comes with the program, by the name that a model's preset gives. Raises KeyError for another."""
    file, sha256 = BUILT_IN[name]
    ranks = read(assets.FOLDER / file, sha256)
    return BPE(name, ranks, len(ranks) + 1)


def read_for(preset: ModelPreset, file: Path) -> BPE:
    """A tokenizer from a file, for a model of that shape. Raises BadModel where it is damaged, or the model is smaller."""
    ranks = read(file)
    if max(ranks.values()) >= preset.architecture.vocab - 1:
        raise BadModel(
            f"{file} holds {len(ranks):,} tokens, more than {preset.name} has.",
            "Choose the --model that it was made for.",
        )
    return BPE(str(file), ranks, preset.architecture.vocab)


def words_of(preset: ModelPreset, weights: str) -> BPE:
    """The tokenizer of a model: the one that lies beside its weights, where they are a folder, else its preset's.

    Raises BadModel where it is damaged, or belongs to another model.
    """
    file = files.absolute(weights) / TOKENS
    if is_folder(weights) and file.is_file():
        return read_for(preset, file)
    return tokenizer(preset.tokenizer)


def spelling() -> dict[int, str]:
    """GPT-2's spelling of bytes in its vocabulary files: printable Latin-1 as itself, the rest from U+0100 on."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = (byte for byte in range(256) if byte not in plain)
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}
