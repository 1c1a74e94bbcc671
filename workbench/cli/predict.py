"""`workbench predict`: texts from the command line, a file or standard input, classified by a run."""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.errors import BadRecipe, Problem
from core.files import Progress, absolute, unwatched
from core.options import AUTO, options
from core.recipe import Recipe, load
from core.runs.root import find_run, runs_root
from core.wording import on_one_line, percent, plural
from workbench.cli.flags import DONE, add_options, layers_of
from workbench.cli.predict_parts import Reading, is_folder, parts_here, say_outcome, write_in_parts
from workbench.cli.printing import bars, print_json, print_json_list, say, with_tabs
from workbench.formatting import cut

if TYPE_CHECKING:
    from core.data.texts import Texts
    from core.evaluate.answers import Answer, Written
    from core.evaluate.labelled import Labelled
    from core.runs.folder import RunFolder

STDIN = "-"
MOST = 20  # columns in a message
WIDEST = 60  # cells of what a text is made of
OF_SPLITS = ("split", "several_labels", "group", "time", "swap")  # what is asked of a file has none


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "texts to classify, after -- where one begins with a dash; none: lines of standard input"
    parser.add_argument("texts", nargs="*", default=[], metavar="TEXT", help=words)
    words = "a file that data is read from too, or one with a text a line; - is standard input"
    parser.add_argument("--file", metavar="F", help=words)
    parser.add_argument("--lines", action="store_true", help="every line is a text, whatever it looks like")
    words = (
        "write the columns of the file with label and probability into a new file: .csv, .tsv, .jsonl or .parquet; or "
        "into a folder, FOLDER/, of parts in the file's own format, which is gone on with when started again"
    )
    parser.add_argument("--out", metavar="FILE", help=words)
    words = "with --out FOLDER/, make the I-th of N shares of the parts, such as 1/4: one for each machine"
    parser.add_argument("--shard", metavar="I/N", help=words)
    words = "with --out FOLDER/, answer in bf16 where that is faster, and say on a sample what differs"
    parser.add_argument("--fast", action="store_true", help=words)
    parser.add_argument("--probabilities", action="store_true", help="with --out, a column for each label too")
    parser.add_argument("--force", action="store_true", help="with --out, replace a file that is there")
    words = "best, last or a step; by default what the run keeps"
    parser.add_argument("--checkpoint", metavar="NAME", help=words)
    from core.data.sources.source import Options

    of_texts = {f"data.{name}" for name in Options._fields if name not in OF_SPLITS}
    add_options(parser, [option for option in options(Recipe) if option.name in of_texts])


def execute(given: argparse.Namespace) -> int:
    """Classify texts, and print a line for each or write them to a file; returns the exit code.

    Raises WorkbenchError.
    """
    if given.probabilities and not given.out:
        raise BadRecipe([Problem("--probabilities", "goes with --out.", "--json says them of every text too.")])
    if given.texts == [STDIN] and not given.file:  # as for data and train; after -- it is a text
        given.texts, given.file = [], STDIN
    in_parts = is_folder(given)
    run = find_run(runs_root(given.runs), given.run, trained=True)
    from core.data.sources.input import Input

    with ExitStack() as stack:
        path = given.file or (None if given.texts else STDIN)
        source = path and Input(str(stack.enter_context(standard_input())) if path == STDIN else path)
        if given.out and not in_parts:
            from core.evaluate.answers import demand_writable

            demand_writable(absolute(given.out), source.path if source and path != STDIN else None, given.force)
        # answers that are printed on the terminal show by themselves how far it is
        shows = sys.stderr.isatty() and (given.out or given.json or not sys.stdout.isatty())
        progress = stack.enter_context(bars()) if shows else unwatched
        reading = Reading(progress)
        texts = _texts(given, source, run.recipe_as_known()[0].data.text, reading)
        from core.evaluate.answers import answers, write
        from core.evaluate.predict import open_predictor

        with bars() as fetching:  # weights that are gone are fetched again
            predictor = open_predictor(run, given.checkpoint, fetching)
        labelled = _labelled(given, run, texts, predictor.names)
        if in_parts and source:
            outcome = write_in_parts(given, run, source, texts, predictor, _options(given), labelled, reading)
            here = parts_here(outcome)
            worth = [*labelled.sentences(run, source.name, progress, here)] if labelled else []
            stack.close()  # beside bars a command that is said would be broken into lines
            say_outcome(given, outcome)
            say(worth, to_errors=True)
            return DONE
        found, written = answers(predictor, texts.rows), None
        if labelled:
            found = labelled.watch(found)
        if given.out:
            written = write(absolute(given.out), texts, predictor.names, found, given.probabilities, source or None)
        elif given.json:
            print_json_list(map(_document, chunk) for chunk in found)
        else:
            for chunk in found:
                for answer in chunk:
                    print(_line(answer))
                sys.stdout.flush()
        worth = [*labelled.sentences(run, source.name, progress)] if labelled and source else []
    if written:
        _say_written(given, written)
    say(worth, to_errors=True)
    return DONE


def _labelled(given: argparse.Namespace, run: "RunFolder", texts: "Texts", labels: Sequence[str]) -> "Labelled | None":
    """What compares answers with the labels, where the file has the column that the run learned from, or that is named.

    Raises BadRecipe where that is not there.
    """
    from core.evaluate.labelled import Labelled, label_columns

    named, learned = vars(given).get("data.label"), run.recipe_as_known()[0].data
    said = named or learned.label
    columns = label_columns(said, texts.names, texts.text) if texts.has_columns else []
    if named and not columns:
        what = f"names {on_one_line(named)}, which is no column beside the text."
        raise BadRecipe([Problem("--label", what, f"There are {on_one_line(', '.join(texts.names[:MOST]))}.")])
    return Labelled(columns, texts.names, labels, texts.text, learned.text) if columns else None


def _texts(given: argparse.Namespace, source: Any, learned: str, progress: Progress) -> "Texts":
    """The texts that were typed, then those of the file, in its columns. Raises BadRecipe, BadData."""
    from core.data.sources.source import Options
    from core.data.texts import Row, Texts, open_texts, says_of_columns
    from core.text.tokenizer import well_formed

    typed = list(map(well_formed, given.texts))
    if source is None:
        return Texts(["text"], "text", [Row([text], text) for text in typed], "", "", [])
    asked = Options.of(load(*layers_of(given)).data)
    if given.lines and says_of_columns(asked):
        raise BadRecipe([Problem("--lines", "goes with nothing that says how a table is read.", "Leave one out.")])
    as_lines = given.lines or (not given.file and not says_of_columns(asked))
    found = open_texts(source, asked, learned, as_lines, progress)
    if given.file or found.notes:
        way = "" if given.lines or asked.text != AUTO else " --text COLUMN or --lines reads it otherwise."
        what = f"column {found.text}" if found.text in found.names else cut(on_one_line(found.text), WIDEST)
        where = f"; the text is {what}" if found.has_columns else ""
        say([f"{source.name}: {found.format}, {found.encoding}{where}.{way}", *found.notes], to_errors=True)
    first = [
        Row([text if name == found.text else "" for name in found.names], text, "", {found.text: text})
        for text in typed
    ]
    return found._replace(rows=chain(first, found.rows)) if first else found


@contextmanager
def standard_input() -> Iterator[Path]:
    """A file of what comes from standard input: to find out what it is, it has to be read more than once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        with open(path, "xb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield path


def _options(given: argparse.Namespace) -> dict[str, Any]:
    """How the file is read, as far as somebody has said it."""
    said = {name: value for name, value in vars(given).items() if name.startswith("data.")}
    return {**said, **({"lines": "yes"} if given.lines else {})}


def _line(answer: "Answer") -> str:
    said, mark = answer.said, f"  ({answer.note})" if answer.note else ""
    cells = [said.label, percent(said.probability), said.text] if said else ["", "", answer.row.text]
    return with_tabs(cells) + mark


def _document(answer: "Answer") -> Any:
    if answer.said:
        return answer.said
    return {"text": answer.row.text, "label": None, "probabilities": {}, "cut": False, "problem": answer.row.problem}


def _say_written(given: argparse.Namespace, written: "Written") -> None:
    if given.json:
        print_json({"file": str(absolute(given.out)), "rows": written.rows, "unanswered": written.unanswered})
        return
    say([f"{plural(written.rows, 'row')} in {given.out}."], to_errors=True)
    say([f"{plural(n, 'row')} without an answer: {why}." for why, n in written.unanswered.items()], to_errors=True)
