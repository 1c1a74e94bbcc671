"""Small tokenizers of the kinds that encoders have."""

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers


def modern_tokenizer(corpus, n=300):
    """A tokenizer.json like ModernBERT's: after `n` tokens, runs of spaces, special tokens, and some never used."""
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=n, initial_alphabet=alphabet, show_progress=False))
    made.add_tokens([AddedToken(" " * n, normalized=True) for n in (4, 3, 2)])
    made.add_special_tokens(["<|endoftext|>", "[UNK]", "[CLS]", "[SEP]", "[PAD]"])
    made.add_special_tokens([AddedToken("[MASK]", lstrip=True)])
    made.add_tokens([AddedToken(f"[unused{n}]", normalized=True) for n in range(3)])
    special = [(name, made.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=special
    )
    return made.to_str()


def t5_tokenizer(corpus, n=300):
    """A tokenizer.json like T5's: pieces of words, the end of a text after each, and names for gaps."""
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<pad>", "</s>", "<unk>", "<extra_id_0>"]
    trainer = trainers.UnigramTrainer(vocab_size=n, special_tokens=special, unk_token="<unk>", show_progress=False)
    made.train_from_iterator(corpus, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return made.to_str()


def deberta_tokenizer(corpus, n=300):
    """A tokenizer.json like that of DeBERTa's third version: pieces of words between BERT's special tokens."""
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
    trainer = trainers.UnigramTrainer(vocab_size=n - 1, special_tokens=special, unk_token="[UNK]", show_progress=False)
    made.train_from_iterator(corpus, trainer)
    made.add_special_tokens(["[MASK]"])
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return made.to_str()
