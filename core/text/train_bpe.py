"""Training a byte-level BPE on text, in GPT-2's way (Sennrich et al. 2016; Radford et al. 2019)."""

from collections.abc import Iterable
from io import StringIO

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from core.text.byte_spelling import spelling


def train(documents: Iterable[str], size: int) -> dict[bytes, int]:
    """Up to `size` tokens with their ids: the 256 bytes, then each merge in the order in which it was found.

    Fewer where the text holds no more pairs that occur twice.
    """
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = byte_level
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, initial_alphabet=sorted(byte_level.alphabet()), show_progress=False
    )
    # a line at a time: what is given at once takes eighty times its size
    tokenizer.train_from_iterator((line for document in documents for line in StringIO(document)), trainer)
    byte_of = {character: byte for byte, character in spelling().items()}
    return {bytes(byte_of[c] for c in token): id for token, id in tokenizer.get_vocab().items()}
