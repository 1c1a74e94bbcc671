"""A run as one plain PyTorch script, in the manner of the book that the workbench follows. No torch."""

import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from core import assets, files, inside
from core.architectures.architecture import Architecture, Book
from core.architectures.file_names import TOKENIZER
from core.architectures.lookup import architecture_for, preset_for
from core.architectures.models import MODELS
from core.errors import BadRun
from core.freeze import FreezePlan
from core.options import resolved
from core.recipe import Recipe
from core.recipe_parts import Lora
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.origin import demand_origin, weights_of
from core.template import PAIR
from core.wording import UNSAFE, escaped, on_one_line

WIDTH = 100  # columns that the script keeps to
# where the tokenizers that come with the program are from
PUBLISHED = {
    "gpt2": 'what tiktoken.get_encoding("gpt2") would download',
    "bert-uncased": "the tokenizer.json of sentence-transformers/all-MiniLM-L6-v2",
}


def freezing(plan: FreezePlan, arch: Architecture, lora: Lora) -> list[str]:
    """The lines of PyTorch that a plan means, for a `model` as the script of its family has it; none without one.

    They run beside the book's functions as they stand in it: LinearWithLoRA and replace_linear_with_lora.
    """
    if arch.book is None:
        return []
    if str(plan) == "all":
        return _each("model", True)
    lines = _each("model", False)
    if "embeddings" in plan.parts:
        lines += [line for name in arch.book.embeddings for line in _each(f"model.{name}", True)]
    for blocks in _runs(plan, "blocks"):
        lines += _each(blocks, True)
    lines += _adapting(plan, arch.book, lora)
    if "norm" in plan.parts and arch.final_norm:
        lines += _each("model.final_norm", True)
    if "head" in plan.parts:
        lines += _each("model.out_head", True)
    return lines


def _adapting(plan: FreezePlan, book: Book, lora: Lora) -> list[str]:
    """Adapters beside every matrix of a block, or beside those that the recipe names."""
    how = f"rank={lora.rank}, alpha={lora.alpha:.15g}"
    scaled = "alpha / rank" if lora.scaling == "alpha/rank" else "alpha, not by alpha / rank"
    found = [*_runs(plan, "lora")]
    adapted = lora.adapted(book.matrices)
    if len(adapted) == len(book.matrices):
        lines = [f"replace_linear_with_lora({blocks}, {how})" for blocks in found]
    else:
        lines = []
        matrices = [f"block.{book.matrices[name]}" for name in adapted]
        for blocks in found:
            several = blocks if ":" in blocks or "[" not in blocks else f"[{blocks}]"
            lines.append(f"for block in {several}:")
            lines += [f"    {matrix} = LinearWithLoRA({matrix}, {how})" for matrix in matrices]
    return [*lines, f"# LoRALayer multiplies by {scaled}"] if found else []


def _each(module: str, learns: bool) -> list[str]:
    return [f"for param in {module}.parameters():", f"    param.requires_grad = {learns}"]


def _runs(plan: FreezePlan, kind: str) -> Iterator[str]:
    """Every unbroken run of blocks in a plan, as Python takes it out of the model; `kind` is `blocks` or `lora`."""
    n, blocks = plan.n_blocks, "model.trf_blocks"
    found = [i for i in range(n) if f"{kind}.{i}" in plan.parts]
    for _, pairs in groupby(enumerate(found), lambda pair: pair[1] - pair[0]):
        run = [i for _, i in pairs]
        first, last = run[0], run[-1]
        if last - first == n - 1:
            yield blocks
        elif first == last:
            yield f"{blocks}[{-1 if last == n - 1 else first}]"
        elif last == n - 1:
            yield f"{blocks}[{first - n}:]"
        else:
            yield f"{blocks}[{first or ''}:{last + 1}]"


class Framing(NamedTuple):
    """What a script needs to know of a tokenizer.json to make the same ids of a text."""

    specials: dict[str, int]  # tokens that no text has: their ids by name
    before: list[int]  # ids before a text
    after: list[int]
    splits: str  # the pattern after which a text is split, so that it becomes no special token; empty for none
    adds: bool = False  # whether a text may have tokens that are not in the vocabulary
    between: list[int] | None = None  # ids between the two parts of a pair; None where no text is read as one


class Facts(NamedTuple):
    """What a script needs of a run beside its recipe."""

    run: Path  # its folder
    labels: list[str]  # in the order that numbers them
    weights: Path  # what its backbone began as
    origin: str  # where those come from, for a person
    prefix: str  # of every name in that file
    tokens: Path  # the file of its tokenizer
    changes: list[str]  # what it did otherwise on its way, in words
    framing: Framing | None = None  # where that is a tokenizer.json
    older: bool = False  # whether the weights of norms are called as in the first checkpoints
    dense: str = ""  # the layer of the family's own head in that file, where it is there
    dense_norm: str = ""  # and the norm after it


def facts_of(run: RunFolder) -> Facts:
    """Raises BadRun where the run has not got as far as its weights, or what it learned from is not there; BadModel
    where its tokenizer cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    from core.text.lookup import for_texts, kept_tokenizer
    from core.text.tokenizer_json import JsonTokenizer

    known, recipe = demand_origin(run), run.recipe()
    if preset_for(recipe).counts:
        raise BadRun(f"{run.name} has no network: there is no training loop to show.", "Ask a run of another model.")
    if not inside.holds(run.data_file, run.path):
        raise BadRun(f"{run.name} keeps no rows that a script could learn from.", "A run that was trained here does.")
    folder = run.path.resolve()
    weights = weights_of(known.base, folder)
    arch = architecture_for(recipe)
    first = next(iter(arch.published.values()))
    try:
        files.reading(weights).close()  # nothing else is opened by a library
        with safe_open(weights, framework="np") as file:
            names = frozenset(file.keys())
    except (OSError, ValueError, SafetensorError) as error:
        what = f"The weights that {run.name} started from, {weights}, cannot be read: {error}."
        raise BadRun(what, f"They came from {known.base.source}.") from error
    prefix = arch.prefix if first.prefix + first.names[0] in names else ""
    own = arch.own_dense.pretrained if arch.own_dense else None
    norm = arch.own_dense.norm if arch.own_dense else ""
    within = [head for head in ("", arch.prefix) if own and f"{head}{own}.weight" in names][:1]
    history = History.of(run.log())
    changes = history.changes_in_words(history.step)
    read = for_texts(kept_tokenizer(preset_for(recipe), folder), preset_for(recipe), recipe.data.text)
    return Facts(
        folder,
        known.labels,
        weights,
        f"{known.base.kind}: {known.base.source}",
        prefix,
        _tokens_of(run, recipe),
        changes,
        Framing(read.specials, *read.around, read.splits, read.adds, read.between if read.pairs else None)
        if isinstance(read, JsonTokenizer)
        else None,
        older=any(one.also and f"{prefix}{one.names[0]}" not in names for one in arch.published.values()),
        dense=f"{within[0]}{own}" if within else "",
        dense_norm=f"{within[0]}{norm}" if within and norm else "",
    )


def _tokens_of(run: RunFolder, recipe: Recipe) -> Path:
    """The file of a run's tokenizer: its own, or the one that comes with the program. Raises BadRun without one."""
    from core.text import byte_bpe, tokenizer_files

    folder, name = run.path.resolve(), preset_for(recipe).tokenizer
    for kept in (folder / run.tokens_file.name, folder / TOKENIZER):
        if inside.holds(kept, folder):
            return kept
    built_in = {name: file for name, (file, *_) in (byte_bpe.BUILT_IN | tokenizer_files.BUILT_IN).items()}
    if name not in built_in:
        raise BadRun(f"{run.name} keeps no tokenizer.", f"Put back the {TOKENIZER} of its model.")
    return assets.FOLDER / built_in[name]


def script(recipe: Recipe, facts: Facts) -> str:
    """The training of a recipe that leaves nothing open as a script that holds only what this recipe needs.

    Raises BadRun where its family has none.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from core.text.byte_bpe import PATTERN

    model, train = recipe.model, recipe.train
    arch, readout = architecture_for(recipe), recipe.readout
    if arch.book is None:
        titles = dict.fromkeys(one.architecture.title for one in MODELS.values() if one.architecture.book)
        raise BadRun(f"There is no script of {arch.title} models.", f"It can be written of: {', '.join(titles)}.")
    causal = arch.causal and model.causal
    padded, adapters = train.padding != "none", any(part.startswith("lora.") for part in recipe.plan.parts)
    real = padded and not readout.reads_pads  # real tokens are told from pads
    hides_pads = real and not causal
    lengths = hides_pads or (real and readout.where != "first")
    dense = arch.dense_of(recipe.head)
    framing = facts.framing
    parted = framing is not None and framing.between is not None and arch.tells_parts
    inputs = ["inputs", *["segments"] * parted, *["lengths"] * lengths]
    sigmoid = model.outputs == "sigmoid"
    ignores = train.ignore_index in range(len(facts.labels))
    special = ignores or train.class_weights == "balanced" or train.label_smoothing > 0
    environment = Environment(  # noqa: S701 - it writes Python, where `_literal` and `_comment` do what is needed
        loader=FileSystemLoader(assets.FOLDER),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(arch.book.template).render(
        title=preset_for(recipe).title if model.name in MODELS else arch.title,
        changes=_comment(_changes(recipe, facts)),
        run=_literal(str(facts.run)),
        weights=_path(facts.weights, facts.run),
        origin=_comment(facts.origin),
        tokens=_path(facts.tokens, facts.run),
        published="" if facts.tokens.parent == facts.run else PUBLISHED.get(preset_for(recipe).tokenizer, ""),
        labels=_list(facts.labels, len("LABELS = ")),
        prefix=facts.prefix,
        pattern=PATTERN,
        arch=arch,
        causal=causal,
        embeddings=", ".join(map(_literal, arch.book.embeddings)),
        older=facts.older,
        model=model,
        train=train,
        lora=recipe.lora,
        cpu=recipe.speed.device == "cpu",
        device=_literal(recipe.speed.device),
        padded=padded,
        what="steps" if train.accumulate > 1 else "batches",
        fixed=train.padding == "fixed",
        bucketed=train.padding == "bucketed",
        lengths=lengths,
        inputs=", ".join(inputs),
        parted=parted,
        pair=PAIR,
        mask=", mask" if causal or hides_pads else "",
        readout=readout.where,
        real=real,
        biased=arch.biased(recipe.head),
        between=dense,
        activation={"tanh": "Tanh", "relu": "ReLU", "gelu": "GELU"}[dense.activation] if dense else "",
        dense=facts.dense if dense and recipe.head == "own" else "",
        dense_norm=facts.dense_norm if dense and recipe.head == "own" else "",
        sigmoid=sigmoid,
        outputs="1" if sigmoid else "len(LABELS)",
        ignores=ignores,
        balanced=train.class_weights == "balanced",
        special=special,
        rates=train.head_lr != train.lr or train.layer_decay != 1,
        head_rate=train.head_lr != train.lr,
        scheduled=recipe.schedule != "constant" or recipe.warmup > 0,
        best=recipe.keep == "best",
        tracked=recipe.keep == "best" or train.patience > 0,
        bf16=recipe.speed.precision == "bf16",
        adapters=adapters,
        drops=adapters and recipe.lora.dropout > 0,
        every_matrix=len(recipe.lora.adapted(arch.book.matrices)) == len(arch.book.matrices),
        freezing="\n".join(freezing(recipe.plan, arch, recipe.lora)),
        compressed=framing is None or facts.tokens.suffix == ".xz",
        framing=framing is not None,
        **(_framing(framing, resolved(model.context)) if framing else {"framed": False, "pairs": False}),
    )


def _framing(framing: Framing, context: int) -> dict[str, Any]:
    """What the template says of a tokenizer.json, for texts that are cut to `context` tokens."""
    ids = {id: name for name, id in framing.specials.items()}
    before, after = (" ".join(ids.get(id, str(id)) for id in part) for part in (framing.before, framing.after))
    words = [f"{before} comes before each text"] * bool(before) + [f"{after} comes after each text"] * bool(after)
    # a context that is shorter than the special tokens holds those alone, and not all of them
    first = framing.before[:context]
    return {
        "framed": bool(framing.before or framing.after),
        "pairs": framing.between is not None,
        "middle": framing.between,
        "specials": _list(list(framing.specials), len("SPECIAL_TOKENS = ")),
        "splits": _literal(framing.splits) if framing.splits else "",
        "adds": framing.adds,
        "around": _comment(", ".join(words)),
        "before": first,
        "after": framing.after[: context - len(first)],
    }


def _changes(recipe: Recipe, facts: Facts) -> str:
    """What the run did on its way and the script does not; empty where there is nothing of the kind."""
    said = list(facts.changes)
    if recipe.freeze.thaw_every and not said:
        said = [f"after every {recipe.freeze.thaw_every:,} steps one block more learns"]
    return f"The run was changed on its way, and this script is not: {'; '.join(said)}." if said else ""


def _comment(words: str) -> list[str]:
    """Words of the run's folder as comments. No character in them ends a line, so that none of them is ever code."""
    return textwrap.wrap(on_one_line(words), WIDTH, initial_indent="# ", subsequent_indent="# ")


def _path(path: Path, run: Path) -> str:
    """A path as Python writes it, from the run's folder where it lies there."""
    return f"RUN / {_literal(path.name)}" if path.parent == run else f"Path({_literal(str(path))})"


def _list(texts: list[str], before: int) -> str:
    """A list of texts as Python writes it: one line with `before` columns ahead of it, or one for each text."""
    line = f"[{', '.join(map(_literal, texts))}]"
    return line if before + len(line) <= WIDTH else "[\n" + "".join(f"    {_literal(text)},\n" for text in texts) + "]"


def _literal(text: str) -> str:
    if text.isprintable() and not {'"', "\\"} & set(text) and not UNSAFE.search(text):
        return f'"{text}"'
    return UNSAFE.sub(lambda match: escaped(match[0]), repr(text))
