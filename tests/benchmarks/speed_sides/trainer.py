"""The usual alternative: `transformers.Trainer` with GPT2ForSequenceClassification, in its fastest variant.

Batches are padded to their longest text. Gradients are not clipped, nothing is evaluated while it trains and
nothing is saved, because each would only cost it time. A sample of the batches that its own sampler makes, evenly
from the narrowest to the widest, is run by the Trainer itself and timed; so is a sample of its prediction.
"""

import json
import time
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from speed_sides.child import serve, spread
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from transformers import (
    GPT2ForSequenceClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.utils import logging

WARM_UP = 2  # steps
SLOW_BF16 = 5  # times slower than fp32: not worth the minutes it takes to see it lose


class Rows(Dataset):
    def __init__(self, rows: list):
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> dict:
        ids, label = self.rows[i]
        return {"input_ids": ids, "labels": label, "row": i}


def collate(rows: list[dict], pad: int) -> dict[str, Tensor]:
    width = max(len(row["input_ids"]) for row in rows)
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    ids = [row["input_ids"] + [pad] * (width - len(row["input_ids"])) for row in rows]
    return {
        "input_ids": torch.tensor(ids),
        "attention_mask": (torch.arange(width) < lengths[:, None]).long(),
        "labels": torch.tensor([row["labels"] for row in rows]),
    }


def numbers(rows: list[dict]) -> dict[str, Tensor]:
    """Which rows a batch would be made of."""
    return {"row": torch.tensor([row["row"] for row in rows])}


# nothing is logged or saved while it trains
QUIET = {
    "save_strategy": "no",
    "logging_strategy": "no",
    "report_to": "none",
    "disable_tqdm": True,
    "remove_unused_columns": False,
    "dataloader_pin_memory": False,
}


class Clock(TrainerCallback):
    """Seconds from the end of the last warm-up step to that of the last step."""

    def on_step_end(self, args, state, control, **_) -> None:
        if state.global_step <= WARM_UP:
            self.began = time.perf_counter()
        self.seconds = time.perf_counter() - self.began


def measure(job: dict) -> dict:
    """The job's variants that run here; `{"model", "pad", "learns", "epochs", "threads", "steps", ...}`."""
    torch.set_num_threads(job["threads"])
    logging.set_verbosity_error()
    splits = json.loads(Path(job["model"], "rows.json").read_text())
    slow = bf16_slowness() if any(v["bf16"] for v in job["variants"]) else 0
    variants = [v for v in job["variants"] if not (v["bf16"] and slow > SLOW_BF16)]
    with TemporaryDirectory() as folder:
        found = [variant(job, v, splits, folder) for v in variants]
    skipped = f"bf16 left out: products in it are {slow:.0f} times slower here" if slow > SLOW_BF16 else ""
    return {"found": found, "skipped": skipped}


def bf16_slowness() -> float:
    """How many times longer a product takes in bf16."""
    seconds = []
    for dtype in (torch.float32, torch.bfloat16):
        a, b = torch.ones(128, 768, dtype=dtype), torch.ones(768, 768, dtype=dtype)
        a @ b
        began = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - began)
    return seconds[1] / seconds[0]


def variant(job: dict, v: dict, splits: dict, folder: str) -> dict:
    """Seconds to train for the job's epochs and to predict the test set, extrapolated."""
    model = open_model(job["model"], job["learns"], job["pad"])
    padded = partial(collate, pad=job["pad"])

    def trainer(order: str, train: list, steps: int, collator: Callable = padded) -> Trainer:
        args = TrainingArguments(
            folder,
            use_cpu=True,
            bf16=v["bf16"],
            train_sampling_strategy=order,
            per_device_train_batch_size=v["batch"],
            per_device_eval_batch_size=v["batch"],
            max_steps=steps,
            learning_rate=5e-5,
            weight_decay=0.1,
            max_grad_norm=0.0,
            **QUIET,
        )
        return Trainer(model, args, data_collator=collator, train_dataset=Rows(train))

    def chosen(loader: DataLoader, n: int) -> tuple[list, list]:
        """Rows of `n` of the batches that a loader makes, across all widths, and of the widest ones."""
        batches = [[loader.dataset.rows[i] for i in batch["row"].tolist()] for batch in loader]
        whole = [batch for batch in batches if len(batch) == v["batch"]]
        widest = sorted(whole, key=width)[-WARM_UP:]
        return list(chain(*spread(whole, n, width))), list(chain(*widest))

    layout = trainer("group_by_length" if v["grouped"] else "random", splits["train"], 1, numbers)
    n = max(3, job["steps"] * 8 // v["batch"])
    sample, widest = chosen(layout.get_train_dataloader(), n)
    clock = Clock()
    runner = trainer("sequential", widest + sample, WARM_UP + len(sample) // v["batch"])
    runner.add_callback(clock)
    runner.train()
    learn = clock.seconds / len(sample) * len(splits["train"]) * job["epochs"]

    asked, widest = chosen(layout.get_test_dataloader(Rows(splits["test"])), max(3, n // 2))
    runner.predict(Rows(widest))
    began = time.perf_counter()
    runner.predict(Rows(asked))
    test = (time.perf_counter() - began) / len(asked) * len(splits["test"])
    return {
        "variant": v,
        "seconds": learn + test,
        "note": f"training {learn:.1f} s, test {test:.1f} s",
        "sample": f"{len(sample) // v['batch']} steps, {len(asked)} test texts",
    }


def width(rows: list) -> int:
    return max(len(ids) for ids, _ in rows)


def open_model(folder: str, learns: list[str] | None, pad: int) -> GPT2ForSequenceClassification:
    """`learns` are beginnings of parameters' names; None is everything."""
    model = GPT2ForSequenceClassification.from_pretrained(folder, num_labels=2, pad_token_id=pad, dtype=torch.float32)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(learns is None or name.startswith(tuple(learns)))
    return model


if __name__ == "__main__":
    serve(measure)
