"""What is worth knowing of what texts are written in: their script, their language, and whether a model knows it."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from core.architectures.lookup import preset_for, short_name
from core.architectures.models import MANY, MODELS
from core.data.letters import hold_letters
from core.data.scripts import SCRIPTS
from core.data.survey import COSTLY, Survey
from core.recipe import Recipe
from core.rows import NOT_SURE, Note, language_of_most
from core.wording import plural

WRONG = 0.002  # of texts, rather more than less: their language is guessed wrong
NAMED = 3  # scripts and languages besides the one that most texts are in


def of_writing(survey: Survey, per_character: float, recipe: Recipe) -> Iterator[Note]:
    """The most pressing first."""
    preset, is_pretrained = preset_for(recipe), recipe.model.weights == "pretrained"
    other = _made_for_many(recipe.model.name)
    is_costly, language = per_character > COSTLY, language_of_most(found_in(survey))
    if is_costly and (count := int(survey.mask("costly").sum())):
        script = _written_in(survey)
        of = f" of {script} script" if script not in ("Latin", SCRIPTS[0]) else ""
        advice = f"try {other}, made for {MANY}" if other else "the tokenizer was not made for their script"
        what = f"{_texts(count)} need many tokens, {per_character:.1f} a character{of}: {advice}"
        yield Note(count, what, "costly", warn=True)
    elif is_pretrained and other and not preset.knows(language):
        name = short_name(recipe.model.name)
        text = f"{language} texts, it seems; {name} was trained on {preset.languages}, {other} on {MANY}"
        yield Note(0, text, warn=True, offers={"model.name": other}, do=f"--model {other} starts from it.")
    yield from _of_scripts(survey)
    yield from _of_languages(survey)
    if count := int(survey.mask("unknown").sum()):
        advice = f": try {other}" if other else ""
        yield Note(count, f"{_texts(count)} full of unknown tokens{advice}", "unknown", warn=True)
    better = preset.learns_less_than if is_pretrained and recipe.data.path != "sample" and not is_costly else ""
    if better and MODELS[better].knows(language) and hold_letters(survey.table.contents):
        text = f"{better} learns more here in about the same time: it was trained on far more text"
        yield Note(0, text, offers={"model.name": better}, do=f"--model {better} starts from it.")


def found_in(survey: Survey) -> dict[str, int]:
    """The languages of the texts that were looked at -> how many of these are in each, most first."""
    return dict(Counter(filter(None, survey.table.languages.tolist())).most_common())


def _texts(count: int) -> str:
    return "text" if count == 1 else "texts"


def _written_in(survey: Survey) -> str:
    """The script of most texts that have letters; that of none where there are none."""
    counts = np.bincount(survey.table.scripts, minlength=len(SCRIPTS))
    return SCRIPTS[int(counts[1:].argmax()) + 1] if counts[1:].any() else SCRIPTS[0]


def _of_scripts(survey: Survey) -> Iterator[Note]:
    """Texts in another script than most, and those that hold no letters."""
    counts = np.bincount(survey.table.scripts, minlength=len(SCRIPTS))
    most = _written_in(survey)
    order = np.argsort(-counts, kind="stable").tolist()
    others = [i for i in order if i and counts[i] and SCRIPTS[i] != most]
    for i in others[:NAMED]:
        count = int(counts[i])
        yield Note(count, f"{_texts(count)} in {SCRIPTS[i]} script; most are in {most}", f"script {SCRIPTS[i]}")
    if counts[0]:
        yield Note(int(counts[0]), f"{_texts(int(counts[0]))} without letters", f"script {SCRIPTS[0]}")


def _of_languages(survey: Survey) -> Iterator[Note]:
    """Texts in another language than most, of those that were looked at. So many are more than wrong guesses."""
    languages = found_in(survey)
    n_looked_at, most = sum(languages.values()), language_of_most(languages)
    of = f" (of {plural(n_looked_at, 'text')} looked at)" if n_looked_at < len(survey.labels) else ""
    others = [
        name
        for name, count in languages.items()
        if count >= max(2, WRONG * n_looked_at) and name not in (most, NOT_SURE)
    ]
    for name in others[:NAMED] if most else ():
        yield Note(languages[name], f"texts seem to be in {name}; most are in {most}{of}", f"language {name}")


def _made_for_many(model: str) -> str:
    """A model whose tokenizer was made for many languages; empty where the chosen one is such a model."""
    made = [name for name, preset in MODELS.items() if preset.languages == MANY]
    return "" if model in made else next(iter(made), "")
