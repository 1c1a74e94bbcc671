"""Which tokenizer belongs to a model."""

from collections.abc import Callable
from pathlib import Path

from core import files
from core.architectures.models import TOKENS, ModelPreset, is_folder
from core.text import byte_bpe, tokenizer_json, vocabulary_files
from core.text.tokenizer import Tokenizer

# Another kind of tokenizer takes a line in each of these two. The tokenizers that come with the program, by the name
# that a model's preset gives: name -> tokenizer
BUILT_IN: dict[str, Callable[[str], Tokenizer]] = {
    **dict.fromkeys(byte_bpe.BUILT_IN, byte_bpe.built_in),
    **dict.fromkeys(tokenizer_json.BUILT_IN, tokenizer_json.built_in),
}
# and those that lie beside a model's weights, by the file's name; the first that is there counts:
# (preset, file) -> tokenizer
READERS: dict[str, Callable[[ModelPreset, Path], Tokenizer]] = {
    TOKENS: byte_bpe.read_for,
    tokenizer_json.FILE: lambda preset, file: tokenizer_json.read(
        file, preset.architecture.vocab, preset.architecture.pad
    ),
    vocabulary_files.BPE_FILE: lambda preset, file: vocabulary_files.read_vocab_and_merges(
        file.parent, preset.architecture.vocab, preset.architecture.pad
    ),
    vocabulary_files.WORDPIECE_FILE: lambda preset, file: vocabulary_files.read_wordpiece(
        file.parent, preset.architecture.vocab, preset.architecture.pad
    ),
}


def tokenizer_of(preset: ModelPreset, weights: str) -> Tokenizer:
    """The tokenizer of a model: the one that lies beside its weights, where they are a folder, else its preset's.

    Raises BadModel where it is damaged, or belongs to another model.
    """
    for name, read in READERS.items():
        file = files.absolute(weights) / name
        if is_folder(weights) and file.is_file():
            return read(preset, file)
    return BUILT_IN[preset.tokenizer](preset.tokenizer)
