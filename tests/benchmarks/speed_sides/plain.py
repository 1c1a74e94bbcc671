"""The plain loop: the protocol and the layers that the book describes, in PyTorch as one first writes it down.

Every text is padded to the longest training text, every position goes through every layer in fp32, attention
makes its whole matrix, norm and activation are written out, and the whole is computed again at every step and
every evaluation. A sample is timed; since every batch has one shape, each step costs the same.
"""

import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from speed_sides.child import serve
from torch import Tensor, nn

BATCH, EPOCHS, EVERY, SAMPLE = 8, 5, 50, 5
WARM_UP = 2


class Norm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(dim=-1, keepdim=True)
        return self.scale * centred / torch.sqrt(x.var(dim=-1, keepdim=True, unbiased=False) + 1e-5) + self.shift


class Gelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))


class Attention(nn.Module):
    def __init__(self, width: int, n_heads: int, context: int):
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.register_buffer("later", torch.ones(context, context, dtype=torch.bool).triu(1))

    def forward(self, x: Tensor) -> Tensor:
        B, T, D = x.shape
        q, k, v = (f(x).view(B, T, self.n_heads, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        scores = (q @ k.transpose(2, 3)).masked_fill(self.later[:T, :T], -torch.inf)
        weights = torch.softmax(scores / math.sqrt(D // self.n_heads), dim=-1)
        return self.out((weights @ v).transpose(1, 2).reshape(B, T, D))


class Block(nn.Module):
    def __init__(self, width: int, n_heads: int, context: int):
        super().__init__()
        self.attention = Attention(width, n_heads, context)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), Gelu(), nn.Linear(4 * width, width))
        self.norm_1, self.norm_2 = Norm(width), Norm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm_1(x))
        return x + self.mlp(self.norm_2(x))


class Model(nn.Module):
    """Token ids (B, T) -> logits (B, 2), those of the last position."""

    def __init__(self, config: dict):
        super().__init__()
        width, n_heads, context = config["n_embd"], config["n_head"], config["n_positions"]
        self.tokens, self.positions = nn.Embedding(config["vocab_size"], width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, n_heads, context) for _ in range(config["n_layer"])))
        self.norm, self.head = Norm(width), nn.Linear(width, 2)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        return self.head(self.norm(self.blocks(x)))[:, -1]


def open_model(folder: Path) -> Model:
    """The model of a folder, of which the last block, the final norm and the head learn."""
    torch.manual_seed(123)
    model = Model(json.loads((folder / "config.json").read_text()))
    published = load_file(folder / "model.safetensors")

    def fill(norm: Norm, name: str) -> None:
        norm.scale.copy_(published[f"{name}.weight"])
        norm.shift.copy_(published[f"{name}.bias"])

    def fill_linear(layers: list[nn.Linear], name: str) -> None:
        weights, biases = published[f"{name}.weight"].T, published[f"{name}.bias"]
        for layer, weight, bias in zip(layers, weights.chunk(len(layers)), biases.chunk(len(layers)), strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)

    with torch.no_grad():
        model.tokens.weight.copy_(published["wte.weight"])
        model.positions.weight.copy_(published["wpe.weight"])
        fill(model.norm, "ln_f")
        for i, block in enumerate(model.blocks):
            a = block.attention
            fill(block.norm_1, f"h.{i}.ln_1")
            fill(block.norm_2, f"h.{i}.ln_2")
            fill_linear([a.query, a.key, a.value], f"h.{i}.attn.c_attn")
            fill_linear([a.out], f"h.{i}.attn.c_proj")
            fill_linear([block.mlp[0]], f"h.{i}.mlp.c_fc")
            fill_linear([block.mlp[2]], f"h.{i}.mlp.c_proj")
    model.requires_grad_(False)
    for part in (model.blocks[-1], model.norm, model.head):
        part.requires_grad_(True)
    return model


def padded(rows: list, pad: int) -> tuple[Tensor, Tensor]:
    """ids (N, T) and labels (N,) of the training rows, T being the longest; `pad` fills the others."""
    width = max(len(ids) for ids, _ in rows)
    return torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in rows]), torch.tensor([y for _, y in rows])


def measure(job: dict) -> dict:
    """`{"model", "pad", "threads", "steps"}` -> seconds of the whole protocol, from `steps` steps and evaluations."""
    torch.set_num_threads(job["threads"])
    splits = json.loads(Path(job["model"], "rows.json").read_text())
    ids, labels = padded(splits["train"], job["pad"])
    model = open_model(Path(job["model"]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.1)
    order = torch.randperm(len(ids), generator=torch.Generator().manual_seed(123))
    batches = [order[i : i + BATCH] for i in range(0, len(order) - BATCH + 1, BATCH)]

    def step(batch: Tensor) -> None:
        model.train()
        optimizer.zero_grad()
        F.cross_entropy(model(ids[batch]), labels[batch]).backward()
        optimizer.step()

    def look(batch: Tensor) -> None:
        model.eval()
        with torch.no_grad():
            F.cross_entropy(model(ids[batch]), labels[batch]).item()

    per_step = timed(step, batches, job["steps"])
    per_batch = timed(look, batches, max(1, job["steps"] // 2))
    n_steps = EPOCHS * len(batches)
    counts = {split: len(rows) for split, rows in splits.items()}
    few = sum(min(SAMPLE * BATCH, counts[split]) for split in ("train", "validation"))
    losses = math.ceil(n_steps / EVERY)  # before steps 0, 50, 100, ...
    evaluated = (losses + EPOCHS) * few + len(batches) * BATCH + counts["validation"] + counts["test"]
    return {
        "seconds": n_steps * per_step + evaluated / BATCH * per_batch,
        "note": f"{n_steps} steps of {per_step:.2f} s, {evaluated / BATCH:.0f} evaluated batches of {per_batch:.2f} s",
        "sample": f"{min(job['steps'], len(batches) - WARM_UP)} steps, {max(1, job['steps'] // 2)} evaluated batches",
    }


def timed(do: Callable[[Tensor], None], batches: list[Tensor], n: int) -> float:
    """Median seconds of `n` calls, after the first few."""
    seconds = []
    for batch in batches[: WARM_UP + n]:
        began = time.perf_counter()
        do(batch)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[WARM_UP:])


if __name__ == "__main__":
    serve(measure)
