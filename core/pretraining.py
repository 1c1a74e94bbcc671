"""Everything that decides a pretraining run: next-token training of a new model on plain text."""

from collections.abc import Iterator
from typing import Annotated, Literal

from core.architectures.models import MODELS
from core.errors import Problem
from core.machine import Machine
from core.options import MOST_EPOCHS, OneOf, Options, Part, opt

# those whose end of text is the last id, as in the tokenizer that is made here
SHAPES = tuple(name for name, one in MODELS.items() if (arch := one.architecture).causal and arch.pad == arch.vocab - 1)


class Text(Part):
    paths: tuple[str, ...] = opt((), "Plain text files to learn from; .gz and .xz are read too.")
    documents: Literal["files", "lines"] = opt(
        "files",
        "What is one document: each file, or each line of each file. A line that says <|endoftext|> ends one as well.",
        flag="--documents",
    )
    held_out: float = opt(
        0.005,
        "Share of the text that is never learned from, to check on: whole documents where there are many.",
        gt=0,
        lt=1,
    )
    seed: int = opt(123, "Decides which documents are held out, and their order.", ge=0, lt=2**32)


class Model(Part):
    name: Annotated[str, OneOf(SHAPES)] = opt(
        "nano", "Whose shape the new model has: blocks, width, heads, context, size of the vocabulary.", flag="--model"
    )


class Train(Part):
    epochs: float = opt(
        1, "How often the whole text is read; 0.5 reads a random half.", flag="--epochs", gt=0, le=MOST_EPOCHS
    )
    batch: int = opt(8, "How many windows of a full context make one step.", flag="--batch", unit="windows", ge=1)
    lr: float = opt(
        5e-3, "The highest learning rate, of Muon (matrices) and AdamW (the rest).", flag="--lr", gt=0, lt=1
    )
    warmup: float = opt(0.02, "Share of the steps over which the learning rate rises from 0.", ge=0, lt=1)
    cooldown: float = opt(
        1.0,
        "Share of the steps, the last, over which the learning rate falls to 0 as half a cosine; before, it stays.",
        flag="--cooldown",
        ge=0,
        le=1,
    )
    weight_decay: float = opt(
        0.1,
        "How strongly weight matrices and embeddings are pulled towards zero; biases and norms are left alone.",
        ge=0,
        lt=1,
    )
    clip: float = opt(1.0, "Gradients longer than this are made this long.", gt=0)
    eval_every: int = opt(
        100, "Look at the held-out text, and let the model write some, every so many steps.", unit="steps", ge=1
    )
    eval_windows: int = opt(32, "How many windows of held-out text such a look takes.", unit="windows", ge=1)
    checkpoint_seconds: float = opt(60, "Save a checkpoint at least this often.", unit="s", gt=0, lt=1e6)
    seed: int = opt(123, "Decides random weights and the order of windows.", flag="--seed", ge=0, lt=2**32)


class Pretraining(Options):
    """Same text, same recipe, same machine: same model."""

    text: Text = Text()
    model: Model = Model()
    train: Train = Train()
    speed: Machine = Machine()

    def contradictions(self) -> Iterator[Problem]:
        if not self.text.paths:
            yield Problem("text.paths", "names no text to learn from.", "workbench pretrain FILE ...")
        if self.train.warmup + self.train.cooldown > 1 and self.train.cooldown < 1:
            yield Problem("train.cooldown", "begins before the warm-up is over.", "Together they are 1 at most.")
        if isinstance(self.speed.threads, int) and self.speed.threads < 1:
            yield Problem("speed.threads", "must be 1 or more.")
