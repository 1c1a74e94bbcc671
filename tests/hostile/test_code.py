"""Words of a run's folder in what is written from it: a script runs nothing of them, a card is no page of theirs."""

import ast
import csv
import html
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import each
from core.evaluate.predict import open_predictor
from core.export import markdown
from core.export.card import _scalar, card
from core.export.script import Facts, Framing, script
from core.recipe import load
from core.runs.events import Noted, encode
from core.runs.folder import RunFolder
from core.wording import UNSAFE
from syntax import statements
from workbench.cli.main import main

CORPUS = [
    '"', "'", '"""', "'''", '"""\nraise SystemExit\n"""', "'; raise SystemExit; '", '\\', '\\"', '\\\\"', "\\\n",
    "\\u000a",
    "\\N{QUOTATION MARK}", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029",
    "#\nraise SystemExit", "# -*- coding: utf-7 -*-", "{", "}", "{{", "}}", "{{ 7 * 7 }}", "{% raw %}", "{% endraw %}",
    "{# #}", "{{ ''.__class__ }}", "{0}", "%s", "%(x)s", "$x", "*/", "-->", "]]>", "</script>", "\0", "\x1b[31m",
    "\x9b31m",
    "\ud800", "\udcff", "a\udc80b", "\u202e", "\u2066", "\u200b", "\U000e0041", "\ufeff", "ﬀ", "日本", "", " ", "\t",
    "a" * 300, "a\u0301" + "\u0301" * 50,
]  # fmt: skip
BERT = {"model": {"name": "bert"}}
RECIPES = [
    {},
    {"model": {"readout": "first"}, "freeze": {"trainable": "lora"}, "train": {"ignore_index": 1}},
    BERT,
    {"train": {"padding": "none", "batch": 1}, "model": {"outputs": "sigmoid"}},
]


def complete(layer: dict):
    """A recipe that leaves nothing open."""
    fixed = {"model": {"context": 16}, "speed": {"device": "cpu", "precision": "fp32", "threads": 1}}
    fixed["train"] = {"epochs": 1, "batch": 4, "lr": 1e-3, "head_lr": 1e-3, "warmup": 0.0, "schedule": "constant"}
    merged = {key: fixed.get(key, {}) | layer.get(key, {}) for key in {**fixed, **layer}}
    return load(merged)


def facts(words: list[str], recipe) -> Facts:
    """A run of which everything that has words says these."""
    together = "".join(words)
    name = together.replace("\0", "").replace("/", "")
    run = Path("/runs") / f"r{name}"
    specials = {f"[{word}]": i for i, word in enumerate(words, 3)} | {"[CLS]": 2}
    framed = Framing(specials, [2], [1], f"x{together}y") if recipe.model.name == "bert" else None
    changes = [f"from step 4 on {together}", *words]
    labels = ["ham", *dict.fromkeys(f"{word}spam" for word in words)]
    paths = run / f"w{name}.safetensors", Path(f"/elsewhere/{name}")
    return Facts(run, labels, paths[0], f"folder: {together}", "", paths[1], changes, framed)


def does(words: list[str], n: int) -> str:
    recipe = complete(RECIPES[n])
    code = script(recipe, facts(words, recipe))
    assert not UNSAFE.search(code.replace("\n", ""))
    code.encode()  # a file is UTF-8
    return statements(code)


tame = cache(lambda n_words, n: does([f"tame {i}" for i in range(n_words)], n))


@pytest.mark.parametrize("n", each(3, range(len(RECIPES))))
def test_a_script_does_the_same_whatever_words_its_run_has(n):
    assert does(CORPUS, n) == tame(len(CORPUS), n)


ALPHABET = st.sampled_from([*CORPUS, *"\"'\\{}%#\n\rnux0123 ", "import os", "\\x", "\\u", "\\N{"])
words = st.lists(ALPHABET, max_size=8).map("".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(words, min_size=4, max_size=4, unique=True), st.sampled_from(range(len(RECIPES))))
@pytest.mark.more
def test_a_script_does_the_same_whatever_is_put_together(several, n):
    assert does(several, n) == tame(4, n)


@pytest.mark.more
@settings(max_examples=30, deadline=None)
@given(st.lists(words, min_size=3, max_size=3, unique=True))
def test_labels_and_paths_are_what_they_were(several):
    recipe = complete({})
    said = facts(several, recipe)
    names: dict = {"Path": Path}
    for node in ast.parse(script(recipe, said)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("RUN", "WEIGHTS", "TOKENS", "LABELS"):
            exec(compile(ast.Module([node], []), "script", "exec"), names)
    assert (names["RUN"], names["LABELS"]) == (said.run, said.labels)
    assert (names["WEIGHTS"], names["TOKENS"]) == (said.weights, said.tokens)


# ---- Markdown ----


MARKUP = [
    "# heading", "- item", "1. item", "> quote", "* b", "+ c", "a | b", "`code`", "``", "**b**", "_i_", "~~s~~",
    "[a](http://e)", "![a](http://e/p.png)", "<img src=x onerror=alert(1)>", "<script>", "&lt;script&gt;", "&#x3c;",
    "</table>", "<!--",
    "-->", "http://e.vil", "https://e.vil", "javascript:x", "```\n", "~~~", "---", "===", "\n\n# heading",
    "\r# heading", "$x$", "\\",
    "a\\", "[x]: http://e", "[^1]", "{{ x }}", "a\u2028# b", "\x1b[31m", "\u202e",
]  # fmt: skip


@pytest.mark.parametrize("text", [*MARKUP, *CORPUS])
def test_words_in_markdown_are_one_line_without_markup(text):
    line = markdown.words(text)
    assert "\n" not in line and "\r" not in line and not UNSAFE.search(line)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", line)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]{}|~$]", line.replace("\\\\", "")), line
    assert not re.match(r"[-+#>=]|\d+[.)](\s|$)", line) and "://" not in line
    span = markdown.span(text)
    fence = re.match("`+", span)[0]
    assert span.endswith(fence) and fence not in span[len(fence) : -len(fence)].replace("`" * (len(fence) + 1), "")
    assert "\n" not in span and not UNSAFE.search(span)
    (head, rule, row, after) = markdown.table([text, "b"], [[text, text]])
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", each)) == 3 for each in (head, row)) and rule == "| --- | ---: |"
    assert after == ""


def test_words_that_are_none_stay_readable():
    assert markdown.words("not-spam & 3.5 % of them") == "not-spam &amp; 3.5 % of them"
    assert markdown.words("87.5 %") == "87.5 %" and markdown.span("messages.tsv") == "`messages.tsv`"
    assert html.unescape(re.sub(r"\\(.)", r"\1", markdown.words("<a|b>*"))) == "<a|b>*"


def test_a_base_is_one_line_of_yaml():
    assert _scalar("openai-community/gpt2") == "openai-community/gpt2"
    for text in [*MARKUP, *CORPUS, "a/b\nlicense: mit", "a/b #c", "{a: b}", "yes", "a: b"]:
        line = _scalar(text)
        assert line.startswith('"') and line.endswith('"') and "\n" not in line and not UNSAFE.search(line)


@pytest.mark.more
def test_the_card_of_a_run_with_such_words_has_no_markup_of_theirs(tmp_path, capsys):
    labels = ["# ham <img src=x onerror=alert(1)> `a` | b", "*spam* [a](http://e.vil) ![p](http://e.vil/p.png)\n# x"]
    with open(tmp_path / "d`<b>.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["label", "text"])
        out.writerows([labels[i % 2], f"{('free prize', 'see you')[i % 2]} number {i}"] for i in range(60))
    runs = tmp_path / "runs"
    assert main(["train", str(tmp_path / "d`<b>.csv"), "--model", "tfidf", "--runs", str(runs)]) == 0
    run = RunFolder(next(runs.glob("r*")).rename(runs / "r1 <script>"))
    with open(run.events_file, "ab") as log:
        log.write(encode(Noted(text="a note <i> [a](http://e.vil) | `x`\n\n# heading\x1b[31m")))
    said = card(run, open_predictor(run), "onnx")
    prose = re.sub(r"```.*?```", "", said, flags=re.DOTALL)
    assert not UNSAFE.search(said.replace("\n", "")) and "://" not in prose and "](" not in prose.replace(r"\](", "")
    assert "<" not in prose.replace("`` d`<b>.csv ``", "")
    assert [line for line in prose.splitlines() if line.startswith("#")] == [
        f"# A classifier of texts: {markdown.words(', '.join(sorted(labels)))}",
        *(f"## {name}" for name in ("Use", "How good it is", "Data", "Limits", "Recipe")),
    ]
    assert f"| {markdown.words(labels[0])} |" in prose and markdown.words(labels[1]) in prose
