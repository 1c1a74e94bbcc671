"""Small tokenizers of the kinds that the decoders after GPT-2 have: byte-level BPE that cuts words in its own way."""

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

# the special tokens of each; the last one ends a document
SPECIAL = {
    "smollm2": ["<|im_start|>", "<|endoftext|>"],
    "llama3": ["<|begin_of_text|>", "<|end_of_text|>"],
    "qwen3": ["<|im_start|>", "<|im_end|>"],
}
# what Qwen3 adds to its vocabulary without calling it special
ADDED = {"qwen3": ["<think>"]}
DIGITS = {"llama3": r"\p{N}{1,3}", "qwen3": r"\p{N}"}
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def tokenizer_json(kind: str, corpus: Iterable[str], vocab: int = 400) -> str:
    """A tokenizer.json as a model of that kind has it, with the special tokens last."""
    made = Tokenizer(models.BPE(ignore_merges=kind == "llama3"))
    if kind == "smollm2":
        parts = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    else:
        words = Regex(WORDS.replace("DIGITS", DIGITS[kind]))
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        parts = [pre_tokenizers.Split(words, "isolated"), byte_level]
    if kind == "qwen3":
        made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(parts)
    made.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator(
        corpus, trainers.BpeTrainer(vocab_size=vocab, initial_alphabet=alphabet, show_progress=False)
    )
    made.add_special_tokens(SPECIAL[kind])
    made.add_tokens([AddedToken(name, normalized=False) for name in ADDED.get(kind, [])])
    byte_level = processors.ByteLevel(trim_offsets=False)
    if kind == "llama3":
        first = SPECIAL[kind][0]
        frame = processors.TemplateProcessing(
            single=f"{first} $A",
            pair=f"{first} $A {first}:1 $B:1",
            special_tokens=[(first, made.token_to_id(first))],
        )
        made.post_processor = processors.Sequence([byte_level, frame])
    else:
        made.post_processor = byte_level
    return made.to_str()
