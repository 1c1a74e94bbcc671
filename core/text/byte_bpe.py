"""Byte-level BPE with GPT-2's pattern: the tokenizer, the file that keeps one, and those that come with the program."""

import base64
import hashlib
import lzma
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import tiktoken

from core import assets, files
from core.architectures.file_names import TOKENS
from core.architectures.preset import ModelPreset
from core.errors import BadModel
from core.files import Progress, unwatched
from core.text.byte_spelling import PARTS, RUN, tokenizer_json
from core.text.tokenizer import Encoding, Piece, Tokenizer, well_formed

# tokenizers that come with the program: the file of their tokens, and the SHA-256 of the lines inside
BUILT_IN = {
    "gpt2": ("gpt2.tiktoken.xz", "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"),
    "nano": (f"nano/{TOKENS}", "92e2a0f5afab481b478b40d4dcdaa7f379704d2802fd9c15a8eb71fa390bbe5c"),
}
# GPT-2's pattern in the form that tiktoken matches fastest: the same pieces, with possessive quantifiers
PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
END_OF_TEXT = "<|endoftext|>"
MOST = 1 << 26  # bytes of a vocabulary, in its file and out of it; 250,000 tokens take a tenth of that

CHUNK = 500  # texts between two calls of progress


class BPE(Tokenizer):
    """A byte-level BPE with GPT-2's pattern. Every string is ordinary text, `<|endoftext|>` too.

    `ranks` are its tokens, each with its id; the special one comes last, as `pad`, at `vocab` - 1. `file` holds them,
    where it comes with the program.
    """

    def __init__(self, id: str, ranks: dict[bytes, int], vocab: int, file: Path | None = None):
        self.id, self.ranks, self.pad, self.vocab, self._file = id, ranks, vocab - 1, vocab, file
        self._bytes = [b""] * vocab
        for token, rank in ranks.items():
            self._bytes[rank] = token
        self._bpe = tiktoken.Encoding(
            id, pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={END_OF_TEXT: self.pad}
        )

    def encode(self, *parts: str) -> Encoding:
        bounded = (text for part in parts for text in _bounded(well_formed(part)))
        return _encoding(token for text in bounded for token in self._bpe.encode_ordinary(text))

    def shorten(self, encoding: Encoding, max_tokens: int) -> Encoding:
        return _encoding(encoding.ids[:max_tokens] if len(encoding.ids) else [self.pad])

    def pieces(self, text: str) -> list[Piece]:
        ids = self.encode(text).ids.tolist()
        return list(map(Piece, ids, self.bytes_of(ids)))

    def bytes_of(self, ids: Iterable[int]) -> list[bytes]:
        # none for end-of-text, and for ids that little text left without a token
        return [self._bytes[id] for id in ids]

    def encode_batch(self, texts: Sequence[str], progress: Progress = unwatched) -> list[Encoding]:
        encoded: list[Encoding] = []
        chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
        progress("tokens", 0, len(texts), "texts")
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            try:
                for chunk in threads.map(self._several, chunks):
                    encoded += chunk
                    progress("tokens", len(encoded), len(texts), "texts")
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise
        return encoded

    def _several(self, texts: Sequence[str]) -> list[Encoding]:
        """As `encode` one by one, in one call of the library, which costs more than to encode a short text.

        Between two texts stands end-of-text, at which the library cuts before it looks for anything else.
        """
        texts = [well_formed(text) for text in texts]
        alone = [len(text) > RUN or END_OF_TEXT in text for text in texts]
        joined = END_OF_TEXT.join("" if is_alone else text for text, is_alone in zip(texts, alone, strict=True))
        ids = self._bpe.encode_to_numpy(joined, allowed_special={END_OF_TEXT}).view(np.int32)
        ends = [*np.flatnonzero(ids == self.pad).tolist(), len(ids)]
        starts = [0, *(end + 1 for end in ends)]
        return [
            self.encode(text) if is_alone else Encoding(ids[start:end])
            for text, is_alone, start, end in zip(texts, alone, starts, ends, strict=False)
        ]

    def save(self, folder: Path) -> None:
        if self._file:  # packed already
            files.write(folder / TOKENS, self._file.read_bytes())
        else:
            write(self.ranks, folder / TOKENS)

    def as_json(self) -> str:
        return tokenizer_json(self.ranks, END_OF_TEXT, self.pad)


def _encoding(ids: Iterable[int]) -> Encoding:
    return Encoding(np.fromiter(ids, dtype=np.int32))


def _bounded(text: str) -> Iterator[str]:
    """The text in parts of at most RUN characters, which other software that reads `as_json` makes too.

    BPE takes more than linear time in the length of a word, and the pattern matcher runs out of stack in millions of
    spaces. A part ends where a word does, which changes no token, unless a word or white space is as long as that.
    """
    return iter([text]) if len(text) <= RUN else (match[0] for match in re.finditer(PARTS, text))


def write(ranks: dict[bytes, int], path: Path) -> None:
    """Put tokens and their ids into a file that `read` reads: tiktoken's lines, compressed."""
    in_order = sorted(ranks.items(), key=lambda item: item[1])
    lines = b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in in_order)
    files.write(path, lzma.compress(lines))


def read(path: Path, sha256: str | None = None) -> dict[bytes, int]:
    """The tokens of a file and their ids; `sha256` is of its lines. Raises BadModel where it is damaged."""
    put_back = "Put back the file that belongs to the model."
    try:
        lines = _decompressed(files.content(path, most=MOST))
        found = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines.splitlines())}
    except (OSError, lzma.LZMAError, ValueError) as error:
        raise BadModel(f"The tokens in {path} cannot be read: {error}.", put_back) from error
    whole = all(bytes([byte]) in found for byte in range(256)) and len(set(found.values())) == len(found)
    if not whole or min(found.values()) < 0:
        raise BadModel(f"{path} holds no whole vocabulary.", put_back)
    if sha256 and hashlib.sha256(lines).hexdigest() != sha256:
        raise BadModel(f"{path} is damaged.", "Reinstall the workbench.")
    return found


def _decompressed(content: bytes) -> bytes:
    """The bytes of one xz stream. Raises LZMAError for another form, or for more than any vocabulary has."""
    opened = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    found = opened.decompress(content, MOST)
    if not opened.eof:
        raise lzma.LZMAError("it is cut short, or holds more than any vocabulary")
    return found


@cache
def built_in(name: str) -> BPE:
    """A tokenizer that comes with the program, by the name that a model's preset gives. Raises KeyError for another."""
    name_of_file, sha256 = BUILT_IN[name]
    file = assets.FOLDER / name_of_file
    ranks = read(file, sha256)
    return BPE(name, ranks, len(ranks) + 1, file)


def read_for(preset: ModelPreset, file: Path) -> BPE:
    """A tokenizer from a file, for a model of that shape. Raises BadModel for a damaged file, or a smaller model."""
    ranks = read(file)
    if max(ranks.values()) >= preset.architecture.vocab - 1:
        raise BadModel(
            f"{file} holds {len(ranks):,} tokens, more than {preset.name} has.",
            "Choose the --model that it was made for.",
        )
    return BPE(str(file), ranks, preset.architecture.vocab)
