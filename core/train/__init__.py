"""Training: the loops, what a step starts from, the prefix cache, optimizers, checkpoints.

A loop is a generator of events and knows no file but through `save`; the prefix cache holds what frozen blocks make of
each text; a checkpoint is everything that a resumed run needs. Imports `model`, `metrics` and what is below them.
"""
