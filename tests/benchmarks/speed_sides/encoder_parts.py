"""What the plain loop and the Trainer share: the model as one writes it down first, its optimizer, rows as batches.

The classifier is a linear layer on the mean of the real tokens' hidden states, as it is workbench's for MiniLM.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertModel,
    get_linear_schedule_with_warmup,
)

LR, HEAD_LR, DECAY, WARM_UP = 2e-4, 1e-3, 0.1, 0.1


class Encoder(nn.Module):
    """BERT's body, the mean of its real tokens, a linear layer. What does not learn has no gradients.

    It drops nothing out, as workbench does not: that is faster, and attention takes its fast path.
    """

    def __init__(self, folder: str, plan: str, n_classes: int):
        super().__init__()
        nothing = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32, **nothing)
        self.head = nn.Linear(self.bert.config.hidden_size, n_classes)
        if plan == "last_two_blocks":
            self.bert.requires_grad_(False)
            self.bert.encoder.layer[-2:].requires_grad_(True)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None) -> dict[str, Tensor]:
        """ids and mask (B, T), labels (B,) -> the mean loss, where there are labels, and logits (B, C)."""
        h = self.bert(input_ids, attention_mask).last_hidden_state  # (B, T, D)
        real = attention_mask[:, :, None].to(h.dtype)
        logits = self.head((h * real).sum(1) / real.sum(1))
        return ({} if labels is None else {"loss": F.cross_entropy(logits, labels)}) | {"logits": logits}

    def optimizer(self, n_steps: int) -> tuple[torch.optim.AdamW, LambdaLR]:
        return optimizer(self.bert.parameters(), self.head.parameters(), n_steps)


class Family(nn.Module):
    """transformers' own classifier of a family, of whose body what the job calls `frozen` does not learn."""

    def __init__(self, job: dict):
        super().__init__()
        config = AutoConfig.from_pretrained(job["model"], num_labels=job["classes"], pad_token_id=job["pad"])
        config.use_cache = False
        self.model = AutoModelForSequenceClassification.from_pretrained(
            job["model"], config=config, dtype=torch.float32
        )
        frozen = set(job["frozen"])
        self.body, self.head = [], []
        for name, p in self.model.named_parameters():
            p.requires_grad_(name not in frozen)
            (self.body if name.startswith(job["prefix"]) else self.head).append(p)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None) -> dict[str, Tensor]:
        """ids and mask (B, T), labels (B,) -> the mean loss, where there are labels, and logits (B, C)."""
        found = self.model(input_ids=input_ids, attention_mask=attention_mask, labels=labels)
        return ({} if found.loss is None else {"loss": found.loss}) | {"logits": found.logits}

    def optimizer(self, n_steps: int) -> tuple[torch.optim.AdamW, LambdaLR]:
        return optimizer(self.body, self.head, n_steps)


def classifier(job: dict) -> Encoder | Family:
    return Family(job) if "frozen" in job else Encoder(job["model"], job["plan"], job["classes"])


def optimizer(
    body: Iterable[nn.Parameter], head: Iterable[nn.Parameter], n_steps: int
) -> tuple[torch.optim.AdamW, LambdaLR]:
    """AdamW at workbench's rates, which rise and then fall in a straight line; norms and biases do not decay."""
    groups = []
    for part, lr in (([*body], LR), ([*head], HEAD_LR)):
        for decays in (True, False):
            some = [p for p in part if p.requires_grad and (p.ndim > 1) == decays]
            groups.append({"params": some, "lr": lr, "weight_decay": DECAY * decays})
    made = torch.optim.AdamW(groups, fused=True)
    return made, get_linear_schedule_with_warmup(made, round(WARM_UP * n_steps), n_steps)


def padded(rows: list, pad: int) -> dict[str, Tensor]:
    """Rows of ids and label as a batch, padded to the longest."""
    width = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in rows]),
        "labels": torch.tensor([label for _, label in rows]),
    }


def begin(job: dict) -> dict[str, list]:
    """The rows of each split, [ids, label] each; the model and its batches are drawn from one seed."""
    torch.set_num_threads(job["threads"])
    torch.manual_seed(123)
    return json.loads(Path(job["rows"]).read_text())


def answered(began: float, logits: Tensor) -> dict:
    """What a side answers: when it had loaded everything, in seconds since the epoch, and the test rows' classes."""
    return {"loaded": began, "predicted": logits.argmax(dim=1).tolist(), "ended": time.time()}
