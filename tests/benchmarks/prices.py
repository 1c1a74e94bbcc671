r"""What `workbench train --dry-run` says a run takes, beside what it then takes.

    python tests/benchmarks/prices.py [--model nano] [--data FILE] [--texts 3000] [--plans head,all] [--epochs 1] \
        [--repeat 1]

Needs a machine on which nothing else runs. Without a file, so many texts are made up. Each run encodes its texts anew.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

PLANS = ("head", "last_block", "last_two_blocks", "all")
WORDS = ["the", "of", "and", "free", "call", "now", "you", "me", "home", "later", "win", "prize", "urgent", "tomorrow"]


def texts(path: Path, n: int) -> Path:
    """`n` labelled texts as long as short messages are."""
    dice = random.Random(0)
    lines = []
    for i in range(n):
        words = [dice.choice(WORDS) for _ in range(3 + int(dice.expovariate(1 / 15)))]
        lines.append(f"{('ham', 'spam')[i % 2]}\t{' '.join(words)} {i}\n")
    path.write_text("".join(lines))
    return path


def workbench(*argv: str) -> dict:
    """The document that a command prints."""
    command = [sys.executable, "-m", "workbench", *argv, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--model", default="nano")
    asked.add_argument("--data", type=Path)
    asked.add_argument("--texts", type=int, default=3000)
    asked.add_argument("--plans", type=lambda names: names.split(","), default=PLANS)
    asked.add_argument("--epochs", default="1")
    asked.add_argument("--repeat", type=int, default=1)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"WORKBENCH_CACHE": f"{folder}/cache", "WORKBENCH_RUNS": f"{folder}/runs"}
        data = given.data or texts(Path(folder) / "texts.tsv", given.texts)
        common = [str(data), "--model", given.model, "--weights", "random", "--epochs", given.epochs, "--cache", "run"]
        print(f"{given.model}, {data.name}, seconds, predicted and real")
        print(f"{'learns':18}{'once':>17}{'epochs':>17}{'besides':>17}{'in all':>17}{'ratio':>8}")
        for _ in range(given.repeat):
            for plan in given.plans:
                row(plan, [*common, "--trainable", plan], float(given.epochs))


def row(plan: str, argv: list[str], epochs: float) -> None:
    said = workbench("train", *argv, "--dry-run")["seconds"]
    result = workbench("train", *argv)
    took = result["seconds"]
    once = result["cache"]["seconds"] if result["cache"] else 0.0
    pairs = [
        (said["once"], once),
        (said["epoch"] * epochs, took["learn"]),
        (said["besides"], took["total"] - took["learn"] - once),
        (said["total"], took["total"]),
    ]
    print(
        f"{plan:18}" + "".join(f"{a:9.1f}{b:8.1f}" for a, b in pairs) + f"{said['total'] / took['total']:8.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
