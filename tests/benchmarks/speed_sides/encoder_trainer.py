"""`transformers.Trainer` for an encoder, in the variant that is fastest here: whole runs, or a short look at variants.

Every batch is padded to its longest text. Gradients are not clipped, nothing is logged, saved or compared while it
trains; validation is evaluated once, at the end, and then the test rows, both from short to long texts.
"""

import time
from functools import partial
from tempfile import TemporaryDirectory

import numpy as np
import torch
from speed_sides.child import serve
from speed_sides.encoder_parts import answered, begin, classifier, padded
from speed_sides.trainer import QUIET, SLOW_BF16, WARM_UP, Clock, Rows, bf16_slowness
from torch.utils.data import SequentialSampler
from transformers import Trainer, TrainingArguments
from transformers.utils import logging


def collate(rows: list[dict], pad: int) -> dict:
    return padded([(row["input_ids"], row["labels"]) for row in rows], pad)


def measure(job: dict) -> dict:
    """The job of the plain loop, with a `variant`: a whole run's answers. Or with `variants` and `steps`: the fastest.

    A variant is `{"bf16", "grouped"}`.
    """
    logging.set_verbosity_error()
    splits = begin(job)
    with TemporaryDirectory() as folder:
        if "variants" not in job:
            return whole(job, splits, folder)
        slow = bf16_slowness()
        tried = [v for v in job["variants"] if not (v["bf16"] and slow > SLOW_BF16)]
        seconds = [screened(job | {"variant": v}, splits, folder) for v in tried]
        return {"variant": tried[int(np.argmin(seconds))]}


class InOrder(Trainer):
    """Evaluates texts as they stand: where it groups training by length, it would shuffle its answers too."""

    def _get_eval_sampler(self, eval_dataset: Rows) -> SequentialSampler:
        return SequentialSampler(eval_dataset)


def trainer(job: dict, splits: dict, folder: str, n_steps: int) -> Trainer:
    model = classifier(job)
    args = TrainingArguments(
        folder,
        use_cpu=True,
        bf16=job["variant"]["bf16"],
        train_sampling_strategy="group_by_length" if job["variant"]["grouped"] else "random",
        per_device_train_batch_size=job["batch"],
        per_device_eval_batch_size=job["batch"],
        max_steps=n_steps,
        max_grad_norm=0.0,
        **QUIET,
    )
    return InOrder(
        model,
        args,
        data_collator=partial(collate, pad=job["pad"]),
        train_dataset=Rows(splits["train"]),
        optimizers=model.optimizer(n_steps),
    )


def screened(job: dict, splits: dict, folder: str) -> float:
    """Seconds of some steps, after the first few."""
    clock, runner = Clock(), trainer(job, splits, folder, WARM_UP + job["steps"])
    runner.add_callback(clock)
    runner.train()
    return clock.seconds


def whole(job: dict, splits: dict, folder: str) -> dict:
    runner = trainer(job, splits, folder, job["epochs"] * len(range(0, len(splits["train"]), job["batch"])))
    began = time.time()
    runner.train()
    order = {split: sorted(range(len(splits[split])), key=lambda i: len(splits[split][i][0])) for split in splits}
    validation, test = (Rows([splits[split][i] for i in order[split]]) for split in ("validation", "test"))
    runner.evaluate(validation)
    logits = torch.from_numpy(runner.predict(test).predictions)
    return answered(began, logits[np.argsort(order["test"])])


if __name__ == "__main__":
    serve(measure)
