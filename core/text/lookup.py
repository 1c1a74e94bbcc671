"""Which tokenizer belongs to a model."""

from collections.abc import Callable
from pathlib import Path

from core import files, inside
from core.architectures.file_names import BPE_FILE, MERGES_FILE, TOKENIZER, TOKENS, WORDPIECE_FILE
from core.architectures.lookup import folder_of
from core.architectures.preset import ModelPreset, OwnFolder, Source, is_folder
from core.errors import BadModel
from core.model_files.kept import demand_as_recorded
from core.template import PAIR, is_pair
from core.text import byte_bpe, tokenizer_files, words
from core.text.tokenizer import Tokenizer
from core.text.tokenizer_json import JsonTokenizer

# Another kind of tokenizer takes a line in each of these two. The tokenizers that come with the program, by the name
# that a model's preset gives: name -> tokenizer
BUILT_IN: dict[str, Callable[[str], Tokenizer]] = {
    **dict.fromkeys(byte_bpe.BUILT_IN, byte_bpe.built_in),
    **dict.fromkeys(tokenizer_files.BUILT_IN, tokenizer_files.built_in),
    **dict.fromkeys(words.BUILT_IN, words.built_in),
}
# and those that lie beside a model's weights, by the file's name; the first that is there counts:
# (preset, file) -> tokenizer
READERS: dict[str, Callable[[ModelPreset, Path], Tokenizer]] = {
    TOKENS: byte_bpe.read_for,
    TOKENIZER: lambda preset, file: tokenizer_files.read(
        file, preset.architecture.vocab, preset.architecture.pad, preset.architecture.family
    ),
    BPE_FILE: lambda preset, file: tokenizer_files.read_vocab_and_merges(
        file.parent, preset.architecture.vocab, preset.architecture.pad
    ),
    WORDPIECE_FILE: lambda preset, file: tokenizer_files.read_wordpiece(
        file.parent, preset.architecture.vocab, preset.architecture.pad
    ),
}


# in these, other programs keep tokenizers that are not read here
UNREAD = (
    "tokenizer.model",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
    MERGES_FILE,
    "encoder.json",
    "vocab.bpe",
    "bpe.codes",
)

# tokenizers that were published and do not change: a run need not keep them
PUBLISHED = ("gpt2", "bert-uncased", *words.BUILT_IN)


def tokenizer_of(preset: ModelPreset, weights: str) -> Tokenizer:
    """The tokenizer of a model: the one that lies beside its weights, where they are a folder, else its preset's.

    Raises BadModel where it is damaged, belongs to another model, or is not on this machine.
    """
    beside = _beside(preset, files.absolute(weights)) if is_folder(weights) else None
    if beside or preset.tokenizer:
        return beside or BUILT_IN[preset.tokenizer](preset.tokenizer)
    folder = folder_of(preset.name)
    if isinstance(preset.source, Source):
        demand_as_recorded(folder)
    found = _beside(preset, folder)
    if found is None and isinstance(preset.source, OwnFolder):
        what = f"There is no tokenizer in {folder}. The model cannot be used with another one."
        raise BadModel(what, f"Put {TOKENIZER} there, or vocab.json and merges.txt, or vocab.txt.")
    if found is None:
        raise BadModel(
            f"The tokenizer of {preset.name} is not on this machine yet.",
            f"Bring the model here: workbench fetch {preset.name}",
        )
    return found


def kept_tokenizer(preset: ModelPreset, run: Path) -> Tokenizer:
    """The tokenizer that a run keeps in its folder, or else a published one, as `tokenizer_of` gives it.

    Raises BadModel as that does, and BadRun where anything but a file of the run's own lies in its place.
    """
    kept = next((run / name for name in READERS if inside.holds(run / name, run)), None)
    if kept and kept.name == TOKENIZER:  # into which settings went already
        return tokenizer_files.read(kept, preset.architecture.vocab, preset.architecture.pad)
    return READERS[kept.name](preset, kept) if kept else tokenizer_of(preset, "pretrained")


def for_texts(tokenizer: Tokenizer, preset: ModelPreset, text: str) -> Tokenizer:
    """A model's tokenizer for texts that `text`, a column or a template, makes: one that reads pairs as pairs, where
    the template makes them and the model was pretrained on such. To any other a pair is one text, as it stands.
    """
    if not is_pair(text) or preset.architecture.causal or not isinstance(tokenizer, JsonTokenizer):
        return tokenizer
    return tokenizer.for_pairs() if tokenizer.knows_pairs else tokenizer


def reads_pairs(tokenizer: Tokenizer) -> bool:
    """Whether a text that says where its second part begins is a pair to it."""
    return isinstance(tokenizer, JsonTokenizer) and tokenizer.pairs


def about_pairs(tokenizer: Tokenizer, preset: ModelPreset, text: str) -> str:
    """How a model reads the pairs that a template makes, in a sentence; empty where `text` makes none."""
    if not is_pair(text):
        return ""
    title = preset.architecture.title
    if reads_pairs(tokenizer):
        return f"Pairs: {title} reads what stands before {PAIR} and what stands behind it as two parts."
    return f"{title} knows no pairs: it reads both parts as one text, with {PAIR} between them as it stands."


def lacks_tokenizer(weights: str) -> bool:
    """Whether weights lie in a folder without a tokenizer, so that the model's own is taken for theirs."""
    folder = files.absolute(weights)
    return is_folder(weights) and folder.is_dir() and not any((folder / name).is_file() for name in READERS)


def _beside(preset: ModelPreset, folder: Path) -> Tokenizer | None:
    """The tokenizer that a folder holds, or None. Raises BadModel where it is of a kind that is not read here."""
    for name, read in READERS.items():
        if (folder / name).is_file():
            found = read(preset, folder / name)
            _demand_pad_apart(found, preset, folder)
            return found
    if unread := [name for name in UNREAD if (folder / name).is_file()]:
        what = f"The tokenizer in {folder} ({', '.join(unread)}) is of a kind that is not read here."
        do = f"Put its {TOKENIZER} there: AutoTokenizer.from_pretrained(...).save_pretrained(FOLDER) writes one."
        raise BadModel(what, do)
    return None


def _demand_pad_apart(tokenizer: Tokenizer, preset: ModelPreset, folder: Path) -> None:
    """Raises BadModel where texts have the pad's id in them, and the model would count positions without it."""
    pad = preset.architecture.pad
    if not preset.architecture.skips_pads or not isinstance(tokenizer, JsonTokenizer):
        return
    before, after = tokenizer.around
    if pad in (*before, *after, *tokenizer.between, tokenizer.unknown):
        what = (
            f"The pad of the model in {folder}, id {pad}, is a token of its texts too, by which positions would shift."
        )
        raise BadModel(what, "Put the id of the tokenizer's pad into config.json as pad_token_id.")
