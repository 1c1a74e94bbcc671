"""The plain loop for an encoder: random batches, each padded to its longest text, everything computed at every step.

In fp32. After every epoch it looks at all of validation and remembers the weights if their loss is the lowest so far.
"""

import random
import time
from copy import deepcopy

import torch
import torch.nn.functional as F
from speed_sides.child import serve
from speed_sides.encoder_parts import Encoder, answered, begin, padded
from torch import Tensor


def measure(job: dict) -> dict:
    """`{"rows", "model", "pad", "classes", "plan", "epochs", "batch", "threads"}` -> a whole run's answers."""
    splits, size = begin(job), job["batch"]
    model, rng = Encoder(job["model"], job["plan"], job["classes"]), random.Random(123)
    optimizer, schedule = model.optimizer(job["epochs"] * len(range(0, len(splits["train"]), size)))
    lowest, best, began = float("inf"), model.state_dict(), time.time()

    def logits(split: str) -> Tensor:
        model.eval()
        rows = splits[split]
        with torch.no_grad():
            batches = [padded(rows[i : i + size], job["pad"]) for i in range(0, len(rows), size)]
            return torch.cat([model(**batch)["logits"] for batch in batches])

    for _ in range(job["epochs"]):
        model.train()
        order = rng.sample(splits["train"], len(splits["train"]))
        for i in range(0, len(order), size):
            optimizer.zero_grad()
            model(**padded(order[i : i + size], job["pad"]))["loss"].backward()
            optimizer.step()
            schedule.step()
        loss = F.cross_entropy(logits("validation"), torch.tensor([y for _, y in splits["validation"]])).item()
        if loss < lowest:
            lowest, best = loss, deepcopy(model.state_dict())
    model.load_state_dict(best)
    return answered(began, logits("test"))


if __name__ == "__main__":
    serve(measure)
