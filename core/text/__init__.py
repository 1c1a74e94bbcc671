"""Text to token ids and back: tokenizers, and training one.

A tokenizer is known by its protocol: its `id` names it in a run, `pad` fills batches, no text yields a special id.
Imports the recipe and what is below it.
"""
