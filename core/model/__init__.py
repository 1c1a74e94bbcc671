"""The models, in plain PyTorch: backbones, readout and head, adapters, weights from and to files.

The backbone is the pretrained transformer without its language-model head, cut at any depth into a frozen prefix and
the rest; only a family's own file knows its tensors by name. Imports `text`, `runs` and what is below them.
"""
