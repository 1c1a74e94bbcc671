r"""What pretraining is worth: a model from pretrained and from random weights, and counting words, on the same splits.

    python tests/benchmarks/transfer.py FILE [--model nano] [--seeds 123,124,125] [--plans head,last_block] \
        [--rows 10000] [--from pretrained]

Duplicates removed, stratified, 20 % for the test; each seed draws the split, the head and the batches anew. `--rows`
learns from and tests on a random part of the file. Figures are of the test set, in percent: accuracy and, with two
labels, F1 of the rarer one; with several seeds their mean, and the lowest and highest accuracy.
"""

import argparse
import csv
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PLANS = ("head", "last_block", "last_two_blocks", "all")


def part(source: Path, n: int, folder: Path) -> Path:
    """A random part of a file's rows, as the program reads them."""
    from core.data.read import read

    table = read(source)
    chosen = random.Random(0).sample(range(len(table.texts)), n)
    path = folder / f"{source.name.split('.')[0]}.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *((table.texts[i], table.labels[i]) for i in chosen)])
    return path


def trained(
    data: Path, model: str, weights: str, plan: str, seed: int, runs: str, more: list[str]
) -> tuple[Path, dict]:
    """A finished run's folder and its result document."""
    given = {
        "data": data,
        "model": model,
        "weights": weights,
        "trainable": plan,
        "seed": seed,
        "data.seed": seed,
        "runs": runs,
    }
    command = [sys.executable, "-m", "workbench", "train", "--json", *more]
    command += [word for flag, value in given.items() for word in (f"--{flag}", str(value))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr + done.stdout)
    newest = max(Path(runs).iterdir(), key=lambda path: int(path.name[1:]))
    return newest, json.loads(done.stdout)


def f1_of_rarer(truth: list[str], said: list[str]) -> float | None:
    """F1 of the rarer of two labels; None where there are more."""
    names = sorted(set(truth), key=truth.count)
    if len(names) != 2:
        return None
    from sklearn.metrics import f1_score

    return float(f1_score(truth, said, pos_label=names[0]))


def network(run: Path) -> float | None:
    with open(run / "predictions.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return f1_of_rarer([row["label"] for row in rows], [row["predicted"] for row in rows])


def words(run: Path) -> tuple[float, float | None]:
    """Accuracy and F1 of TF-IDF with logistic regression on a run's own split, regularized as is best on validation."""
    from core.data import kept
    from core.evaluate import baseline
    from core.runs.folder import RunFolder
    from core.worker.baselines import splits_of

    rows = kept.load(RunFolder(run), "auto")
    splits = splits_of(rows)
    found = baseline.word_counts("tfidf", splits, len(rows.names))
    assert found is not None  # as it is of tfidf
    truth = splits["test"].labels
    names = [[rows.names[i] for i in labels] for labels in (truth, found.answers)]
    return float((truth == found.answers).mean()), f1_of_rarer(*names)


def line(name: str, found: list[tuple[float, float | None]], seconds: list[float]) -> str:
    shares = [100 * accuracy for accuracy, _ in found]
    f1 = [score for _, score in found if score is not None]
    spread = f" ({min(shares):.1f} to {max(shares):.1f})" if len(shares) > 1 else ""
    score = f"{statistics.mean(f1):.3f}" if f1 else ""
    took = f"{statistics.median(seconds):.0f} s" if seconds else ""
    return f"| {name} | {statistics.mean(shares):.1f}{spread} | {score} | {took} |"


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("data", type=Path)
    ask.add_argument("--model", default="nano")
    ask.add_argument("--seeds", default="123,124,125", type=lambda text: [int(seed) for seed in text.split(",")])
    ask.add_argument("--plans", default=",".join(PLANS), type=lambda text: text.split(","))
    ask.add_argument("--rows", type=int)
    ask.add_argument("--from", dest="weights", default=["pretrained", "random"], type=lambda text: text.split(","))
    given, more = ask.parse_known_args()
    print("| what learns, from which weights | accuracy % | F1 | run |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = part(given.data, given.rows, Path(folder)) if given.rows else given.data
        runs, counted = str(Path(folder) / "runs"), {}
        for plan in given.plans:
            for weights in given.weights:
                found, seconds = [], []
                for seed in given.seeds:
                    run, result = trained(data.absolute(), given.model, weights, plan, seed, runs, more)
                    found.append((result["test"]["accuracy"], network(run)))
                    seconds.append(result["seconds"]["total"])
                    if seed not in counted:
                        counted[seed] = words(run)
                print(line(f"{plan}, {weights}", found, seconds), flush=True)
        print(line("TF-IDF and logistic regression", list(counted.values()), []))


if __name__ == "__main__":
    main()
