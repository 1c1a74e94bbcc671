"""The recipe of a run that is as small and as repeatable as tests want it."""

from core.options import merge


def small(data, **train):
    """A layer of options: a run on the file `data`, with what of `train` differs from a run of two epochs."""
    usual = {"epochs": 2, "batch": 4, "lr": 1e-3, "schedule": "constant", "warmup": 0.0, "keep": "best"}
    return {
        "data": {"path": str(data), "probe": "on"},
        "model": {"weights": "random", "readout": "last_real"},
        "freeze": {"trainable": "last_block"},
        "train": merge(usual, train),
        "speed": {"threads": 1, "device": "cpu", "precision": "fp32"},  # measured, it could differ between two runs
    }
