"""Text to token ids and back: tokenizers, and training one.

`Tokenizer` is a protocol: `id` names a tokenizer in a run, `pad` fills batches, no text yields a special id.
Imports the recipe and what is below it.
"""
