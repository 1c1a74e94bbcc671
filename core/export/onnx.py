"""A trained run as an ONNX file, with the same logits in onnxruntime."""

import json
import logging
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import BadModel
from core.export.folder import filling, put
from core.export.transformers import CARD, as_published, beside, with_room_for
from core.model.classifier import Classifier
from core.model.padding import pad, pad_segments
from core.options import resolved
from core.recipe import Recipe
from core.template import PAIR
from core.text.lookup import reads_pairs
from core.text.tokenizer import Tokenizer

FILE = "model.onnx"
INPUTS = ["input_ids", "attention_mask"]
PARTS = "token_type_ids"  # which part of a pair each token belongs to
AT_ONCE = 1_500_000_000  # bytes of weights; with more they lie in a file of their own, because protobuf ends at 2 GB
TOLERANCE = 1e-4
TEXTS = ["", "You have won a prize! Call now to claim it.", "see you at seven", "more of the same, " * 12]
PAIRS = ["", f"See you? {PAIR} at seven", "see you at seven", f"more of the same, {PAIR} {'no more of it, ' * 12}"]


def export(
    model: Classifier, recipe: Recipe, labels: Sequence[str], tokenizer: Tokenizer, folder: Path, card: str
) -> list[Path]:
    """Write model, tokenizer, config and card; returns the files. Takes every kind of run.

    The file's logits have been compared with the model's. Raises BadModel where they differ, where packages are
    missing, or a file of another kind would be lost.
    """
    demand_packages()
    tokens = as_published(tokenizer)
    texts = beside(recipe, labels, tokens, inputs(model, tokenizer)) | {CARD: card}
    with filling(folder) as place:
        _trace(model, recipe, labels, tokenizer, place / FILE)
        check(place / FILE, model, recipe, tokenizer)
        made = sorted(path.name for path in place.iterdir())  # large weights lie beside the model
        put(place, texts)
    return [folder / name for name in (*made, *texts)]


def demand_packages() -> None:
    """Raises BadModel where those that write and run ONNX files are missing."""
    try:
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise BadModel(
            f"ONNX takes a package that is not installed: {error.name}.",
            "pip install onnxruntime onnxscript brings all of them.",
        ) from error


def inputs(model: Classifier, tokenizer: Tokenizer) -> list[str]:
    """What the file takes: of pairs, where the model tells their parts apart, to which each token belongs."""
    return [*INPUTS, PARTS] if reads_pairs(tokenizer) and model.backbone.arch.tells_parts else INPUTS


class MaskedClassifier(nn.Module):
    """A classifier that takes what tokenizers give. What the mask leaves out may hold anything, and be of any width."""

    def __init__(self, model: Classifier, recipe: Recipe, more: int):
        """`more` are the pads that it puts after the ids it is given, where it does not pad them all to one width."""
        super().__init__()
        self.more = more
        self.model = model
        self.pad = model.backbone.arch.pad
        self.width = model.readout.padded(resolved(recipe.model.context))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Ids, mask and parts (B, T) int64, padded on the right -> logits (B, C)."""
        lengths = attention_mask.sum(dim=1).clamp(min=1)  # an empty text is one end-of-text token, which the pad is
        ids = torch.where(attention_mask == 1, input_ids, self.pad)
        room = (0, self.width - ids.shape[1] if self.width else self.more)
        segments = None if token_type_ids is None else F.pad(token_type_ids * attention_mask, room)
        return self.model(F.pad(ids, room, value=self.pad), lengths, segments)


def _trace(model: Classifier, recipe: Recipe, labels: Sequence[str], tokenizer: Tokenizer, path: Path) -> None:
    context, arch = resolved(recipe.model.context), model.backbone.arch
    # texts that have no token are a batch without columns, in which there would be nothing to read
    more = int(not len(tokenizer.encode("").ids))
    # with every position computed there is one way through it, whatever the batch
    plain = with_room_for(arch.max_tokens + more, model, recipe, labels, rows="all")
    ids = torch.zeros(2, min(8, context), dtype=torch.int64)
    shape = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", min=0, max=context)}
    names = inputs(model, tokenizer)
    axes = {name: shape for name in names}
    log = logging.getLogger("torch.onnx")
    level = log.level
    try:
        log.setLevel(logging.ERROR)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            # strict: otherwise a length that Python asks for is frozen into the file
            graph = torch.export.export(
                MaskedClassifier(plain, recipe, more).eval(),
                (ids, *(torch.ones_like(ids) for _ in names[1:])),
                dynamic_shapes=axes,
                strict=True,
            )
            program = torch.onnx.export(
                graph, (), dynamo=True, input_names=names, output_names=["logits"], dynamic_shapes=axes, verbose=False
            )
            assert program is not None  # as it is with dynamo alone
            program.model.metadata_props["labels"] = json.dumps(list(labels), ensure_ascii=False)
            for node in program.model.graph.all_nodes():
                node.metadata_props.clear()  # where in this machine's files each came from
            size = sum(p.numel() * p.element_size() for p in plain.parameters())
            program.save(path, external_data=size > AT_ONCE)
    except OSError as error:
        raise BadModel(f"{path.parent.parent} cannot be written: {error.strerror}.", "Name another folder.") from error
    except Exception as error:  # of many kinds, from four libraries
        what = str(error).strip().partition("\n")[0]
        raise BadModel(
            f"This run cannot be written as ONNX: {type(error).__name__}: {what}.", "Nothing was left."
        ) from error
    finally:
        log.setLevel(level)


def check(path: Path, model: Classifier, recipe: Recipe, tokenizer: Tokenizer) -> None:
    """Compare what onnxruntime makes of a file with the model, for texts alone and together. Raises BadModel."""
    context, pad_id = resolved(recipe.model.context), model.backbone.arch.pad
    texts = PAIRS if reads_pairs(tokenizer) else TEXTS
    encoded = [tokenizer.shorten(tokenizer.encode(text), context) for text in texts]
    ids, parts = [one.ids for one in encoded], [one.segments for one in encoded]
    width = model.readout.padded(context)
    with torch.no_grad():
        each = [
            model(*pad([one], width or len(one), pad_id), pad_segments([second], width or len(one)))
            for one, second in zip(ids, parts, strict=True)
        ]
    expected = torch.cat(each).float().numpy()

    given = [one[: len(tokenizer.encode(text).ids)] for text, one in zip(texts, ids, strict=True)]  # perhaps none

    def padded(rows: Sequence[int]) -> dict[str, np.ndarray]:
        batch, lengths = pad([given[i] for i in rows], max(len(given[i]) for i in rows), pad_id)
        mask = torch.arange(batch.shape[1]) < lengths[:, None]
        found = {"input_ids": batch.numpy(), "attention_mask": mask.long().numpy()}
        if PARTS in inputs(model, tokenizer):
            second = pad_segments([parts[i] for i in rows], batch.shape[1])
            found[PARTS] = (torch.zeros_like(batch) if second is None else second).numpy()
        return found

    compare(path, padded, expected, ([0], [2], [3], [1, 2], [3, 0, 2, 1]), "logits", TOLERANCE)


def compare(
    file: Path | bytes,
    inputs: Callable[[Sequence[int]], dict[str, np.ndarray]],
    expected: np.ndarray,
    batches: Iterable[Sequence[int]],
    what: str,
    tolerance: float,
) -> None:
    """Raises BadModel where onnxruntime makes something else of a file's `inputs(batch)` than `expected` (N, C).

    Each batch is some rows of `expected`; `what` is the name of what comes out.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4  # what fails is raised, too
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        for rows in batches:
            (found,) = session.run([what], inputs(rows))
            if not np.allclose(found, expected[rows], atol=tolerance, rtol=tolerance):
                far = np.abs(found - expected[rows]).max()
                raise BadModel(
                    f"In onnxruntime {onnxruntime.__version__} the {what} differ by {far:.2g}.",
                    "Nothing was left. Try another version of onnxruntime.",
                )
    except BadModel:
        raise
    except Exception as error:  # onnxruntime's have no base of their own
        what_failed = str(error).strip().partition("\n")[0]
        raise BadModel(f"onnxruntime does not take what was written: {what_failed}.", "Nothing was left.") from error
