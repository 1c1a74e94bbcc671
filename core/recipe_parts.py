"""Every option of fine-tuning but those of the data, declared once.

Checks, TOML, flags, form fields and help all come from here, and from `recipe_data`.
"""

import re
from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import field_validator

from core.architectures.architecture import ADAPTED
from core.architectures.models import MODELS
from core.options import AUTO, OneOf, Part, opt
from core.readout import READOUTS

MOST_FOLLOWED = 12  # sentences
HEADS = ("linear", "mlp", "own")


class Model(Part):
    name: str = opt(
        "nano",
        f"Which model to start from: {', '.join(MODELS)}, a folder with config.json, tokenizer and model.safetensors, "
        "or hub:owner/name on the Hugging Face hub.",
        flag="--model",
        min_length=1,
    )
    weights: str = opt(
        "pretrained",
        "pretrained (built in, or from the Hugging Face hub or its cache), random, or a folder with config.json and "
        "model.safetensors.",
        flag="--weights",
    )
    readout: Annotated[str, OneOf((AUTO, *READOUTS))] = opt(
        AUTO,
        "Where the classifier looks: at the last real token (decoders by default), at the last position after padding "
        "(the book's), at the first token (BERT's [CLS]), at the mean of the real tokens, or at the mean of all, pads "
        "too (the book's). auto is the model's own default.",
        flag="--readout",
        first=True,
    )
    causal: bool = opt(
        True,
        "In a decoder such as GPT-2 each token sees only those before it, as in pretraining. false lets it see all of "
        "the text, which what was learned in pretraining knows nothing of. In an encoder such as BERT it always does.",
        flag="--causal",
    )
    head: Annotated[str, OneOf((AUTO, *HEADS))] = opt(
        AUTO,
        "From the readout to the classes: one linear layer, two with tanh between them (mlp), or what the model's "
        "family has in transformers (own): BERT's pooler, DistilBERT's and RoBERTa's dense layer, then one more. "
        "auto is the model's own default.",
        flag="--head",
    )
    outputs: Literal["softmax", "sigmoid"] = opt(
        "softmax",
        "softmax: a logit for each class, learned by cross entropy. sigmoid: one logit for the second of two classes, "
        "learned by binary cross entropy.",
        flag="--outputs",
    )
    context: Literal["model", "longest"] | int = opt(
        "model",
        "Longer texts are cut to this many tokens: as many as the model can read, as the longest training text "
        "has, or a number.",
        flag="--context",
        unit="tokens",
        first=True,
    )

    @field_validator("weights")
    @classmethod
    def _of_earlier_versions(cls, weights: str) -> str:
        return "pretrained" if weights == AUTO else weights


class Freeze(Part):
    trainable: str = opt(
        AUTO,
        "What learns: head, last_block (with final norm and head), last_two_blocks, last_three_blocks, all, lora "
        "(adapters in every block, and the head), or a list such as blocks.3,lora.5,norm,head. auto is the model's own "
        "default.",
        flag="--trainable",
    )
    thaw_every: int = opt(
        0,
        "Gradual unfreezing (Howard and Ruder 2018): after every so many steps one block more learns, the uppermost "
        "frozen one; 0 never. A run that is told what learns keeps to that.",
        flag="--thaw-every",
        unit="steps",
        ge=0,
    )


class Lora(Part):
    rank: int = opt(
        8,
        "LoRA adds to a frozen matrix the product of two thin ones, this wide, and only those learn: "
        "more can say more.",
        flag="--lora-rank",
        ge=1,
        le=1024,
    )
    alpha: float = opt(16.0, "How much adapters add, before scaling.", flag="--lora-alpha", gt=0, lt=1e6)
    scaling: Literal["alpha/rank", "alpha"] = opt(
        "alpha/rank",
        "What adapters are multiplied by: alpha/rank as Hu et al. do, or alpha alone, as the book does.",
        flag="--lora-scaling",
    )
    layers: str = opt(
        "all",
        f"Which matrices of an adapted block have adapters: all, or a list of {', '.join(ADAPTED)}; only some models "
        "have a gate.",
        flag="--lora-layers",
    )
    dropout: float = opt(
        0.0,
        "Share of an adapter's inputs that is left out at random while it learns.",
        ge=0,
        lt=1,
        flag="--lora-dropout",
    )

    def adapted(self, matrices: Collection[str]) -> list[str]:
        """Which of a block's matrices have adapters, in their order. Raises ValueError for one that it has not."""
        asked = matrices if self.layers == "all" else [name for name in re.split(r"[,\s]+", self.layers) if name]
        for name in asked:
            if name not in matrices:
                raise ValueError(f"holds {name}, which is no matrix of a block of this model.")
        return [name for name in matrices if name in asked]

    @property
    def scale(self) -> float:
        return self.alpha if self.scaling == "alpha" else self.alpha / self.rank


class Train(Part):
    epochs: Literal["auto"] | int = opt(
        AUTO,
        "How often every training text is seen. auto is the model's own default; of some models it is more where there "
        "are few texts.",
        flag="--epochs",
        first=True,
    )
    batch: Literal["auto"] | int = opt(
        AUTO,
        "How many texts pass through the model at once. auto is the model's own default.",
        flag="--batch",
        unit="texts",
        first=True,
    )
    accumulate: int = opt(
        1,
        "How many batches make one step: 8 batches of one text learn what one of 8 does, in the memory of one.",
        flag="--accumulate",
        unit="batches",
        ge=1,
    )
    lr: Literal["auto"] | float = opt(
        AUTO, "Learning rate of AdamW. auto is the model's own default.", flag="--lr", first=True
    )
    head_lr: Literal["auto"] | float = opt(
        AUTO,
        "Learning rate of the head. auto is the same, or where both are left open the model's own default, which may "
        "be another where only the head learns.",
        flag="--head-lr",
    )
    layer_decay: float = opt(
        1.0,
        "Each block learns at this part of the rate of the one above it, the embeddings at the lowest (Howard and "
        "Ruder 2018): what is nearer to the text is more general. 1 is one rate for all.",
        gt=0,
        le=1,
        flag="--layer-decay",
    )
    schedule: Literal["auto", "constant", "linear", "cosine"] = opt(
        AUTO,
        "How the learning rate falls to 0 over the run: not at all, in a straight line, or as half a cosine. auto is "
        "the model's own default.",
        flag="--schedule",
    )
    warmup: Literal["auto"] | float = opt(
        AUTO,
        "Share of the steps over which the learning rate first rises from 0. auto is the model's own default.",
        flag="--warmup",
    )
    clip: float = opt(
        0.0, "Gradients longer than this are made this long; 0 leaves them as they are.", ge=0, lt=1e6, flag="--clip"
    )
    weight_decay: float = opt(
        0.1, "How strongly AdamW pulls learning weights towards zero.", ge=0, lt=1, flag="--weight-decay"
    )
    decay: Literal["matrices", "all"] = opt(
        "matrices",
        "What weight decay acts on: matrices and embeddings, or biases and norms too, as in the book.",
        flag="--decay",
    )
    class_weights: Literal["none", "balanced"] = opt(
        "none",
        "balanced lets every class count alike in the training loss, however few texts it has; what is reported of "
        "other splits is never weighted.",
        flag="--class-weights",
    )
    label_smoothing: float = opt(
        0.0,
        "Share of certainty that the training loss spreads over all classes, against overconfidence.",
        ge=0,
        lt=1,
        flag="--label-smoothing",
    )
    padding: Literal["bucketed", "dynamic", "fixed", "none"] = opt(
        "bucketed",
        "bucketed makes batches of texts of similar length, dynamic pads each random batch to its longest text, "
        "fixed pads every text to the context, none learns from one text at a time.",
        flag="--padding",
        first=True,
    )
    ignore_index: int = opt(
        -100,
        "Texts of the class with this number, from 0, teach nothing: PyTorch's name for it, made for pads in "
        "next-token training. -100 is no class.",
        flag="--ignore-index",
    )
    drop_last: bool = opt(
        False,
        "Leave out an epoch's last step where it has fewer texts than the others; not without padding.",
        flag="--drop-last",
    )
    eval_every: int = opt(50, "Look at loss and accuracy every so many steps.", unit="steps", ge=1, flag="--eval-every")
    eval_batches: int = opt(
        5, "How many batches of each split such a look takes.", unit="batches", ge=1, flag="--eval-batches"
    )
    keep: Literal["auto", "best", "last"] = opt(
        AUTO,
        "Which weights are tested and used: the best on validation at the end of an epoch, or the last. auto is the "
        "model's own default.",
        flag="--keep",
    )
    metric: Literal["loss", "accuracy", "f1"] = opt(
        "loss",
        "What makes weights the best: the lowest loss, or the highest accuracy or F1, the mean over classes.",
        flag="--metric",
    )
    patience: int = opt(
        0,
        "Stop early when so many epochs in a row were no better; 0 never does.",
        flag="--patience",
        unit="epochs",
        ge=0,
    )
    follow: tuple[str, ...] = opt(
        (),
        "Sentences of your own that it is asked about at every such look: you see its answers change. They teach "
        "nothing. In a form, | stands between two.",
        flag="--follow",
        max_length=MOST_FOLLOWED,
    )
    checkpoint_seconds: float = opt(
        60,
        "Save a checkpoint at least this often, and at the end of an epoch; less often where that would take more than "
        "a twentieth of the time. Weights that are kept as the best are always saved, and those at the end.",
        unit="s",
        gt=0,
        lt=1e6,
        flag="--checkpoint-seconds",
    )
    seed: int = opt(
        123, "Decides random weights, the new head and the order of batches.", flag="--seed", first=True, ge=0, lt=2**32
    )

    @field_validator("follow", mode="before")
    @classmethod
    def _in_one_line(cls, follow: Any) -> Any:
        return [text.strip() for text in follow.split("|") if text.strip()] if isinstance(follow, str) else follow
