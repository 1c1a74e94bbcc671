"""Taking a classifier elsewhere: a folder for transformers, an ONNX file, a plain script, a model card.

Each export is compared with the model before it is left, or says beforehand why it cannot be the same.
Imports `evaluate` and what is below it.
"""
