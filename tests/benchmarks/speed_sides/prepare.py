"""Writes what all sides start from: a folder for each model with random weights and the book's split, encoded."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from speed_sides.child import serve

from core.architectures.models import MODELS
from core.data.prepare import SPLITS, prepare
from core.data.read import read
from core.data.sources.source import Options
from core.estimate.left_open import threads
from core.model.gpt2 import GPT2
from core.model.weights import published
from core.recipe import load
from core.text.byte_bpe import built_in


def measure(job: dict) -> dict:
    """The threads that the engine takes by itself here, and how many texts each split has.

    `{"data", "models", "folder"}` is the job; each model has a folder with its weights and, encoded for it, the rows.
    """
    folder = Path(job["folder"])
    data = load({"data": job["data"]}).data
    rows = prepare(read(data.path, Options.of(data)), data)
    for name in job["models"]:
        shape = MODELS[name].architecture
        ids = [one.ids for one in built_in(MODELS[name].tokenizer).encode_batch(rows.texts)]
        splits = {split: [[ids[i].tolist(), int(rows.labels[i])] for i in rows.indices(split)] for split in SPLITS}
        backbone = GPT2(shape)
        backbone.initialize(torch.Generator().manual_seed(123))
        (folder / name).mkdir()
        save_file(published(backbone), folder / name / "model.safetensors")
        (folder / name / "config.json").write_text(json.dumps(shape.to_config()))
        (folder / name / "rows.json").write_text(json.dumps(splits))
    return {"threads": threads(), "texts": {split: len(rows.indices(split)) for split in SPLITS}}


if __name__ == "__main__":
    serve(measure)
