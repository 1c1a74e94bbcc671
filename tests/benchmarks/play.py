"""What a key typed in Play costs: through the model beside the whole text from scratch, and up to the painted verdict.

    python tests/benchmarks/play.py [--model gpt2] [--keys 100]

The model has random weights: what they are worth changes no time. Scratch is what `core.evaluate.predict` does.
"""

import argparse
import importlib.util
import os
import statistics
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.architectures.models import MODELS

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("terminal", ROOT / "workbench" / "terminal.py")
terminal = importlib.util.module_from_spec(spec)
spec.loader.exec_module(terminal)

# 29 tokens; a letter after it makes 30
TEXT = (
    "Did you hear about the new prize? It comes with all of the money that you will ever need, "
    "so call us right now and tell us "
)


def texts(keys: int) -> list[str]:
    """What stands in the field after each key: a letter that takes the place of the one before."""
    return [TEXT + string.ascii_lowercase[i % 26] for i in range(keys)]


def engine(name: str, keys: int) -> dict[str, list[float]]:
    """Seconds a key, from the text to its probabilities, as Play does and from scratch, in turns."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in the helper, and read when torch is imported
    import torch

    from core.evaluate.incremental import IncrementalClassifier
    from core.evaluate.predict import probabilities
    from core.model.classifier import Classifier
    from core.readout import ClassifierKind
    from core.recipe import load
    from core.text.byte_bpe import built_in

    recipe = load({"model": {"name": name, "context": MODELS[name].architecture.max_tokens}})
    tokens = built_in(MODELS[name].tokenizer)
    model = Classifier(MODELS[name].architecture, 2, ClassifierKind()).eval()
    model.backbone.initialize(torch.Generator().manual_seed(0))
    incremental = IncrementalClassifier(model)

    def read(text: str):
        return tokens.shorten(tokens.encode(text), MODELS[name].architecture.max_tokens).ids

    ways = {
        "keys and values kept": lambda text: incremental.verdicts(read(text).tolist())[-1],
        "from scratch": lambda text: probabilities(model, [read(text)], recipe)[0],
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for text in [TEXT, *texts(keys)]:
        found = []
        for way, ask in ways.items():
            began = time.perf_counter()
            found.append(ask(text))
            times[way].append(time.perf_counter() - began)
        torch.testing.assert_close(*found, rtol=0, atol=1e-5)
    print(f"{name}, random weights, {len(read(text))} tokens, fp32, {torch.get_num_threads()} threads")
    return {way: taken[1:] for way, taken in times.items()}


def screen(name: str, keys: int) -> dict[str, list[float]]:
    """Seconds from a key to its letter and to its verdict on the screen of the real app."""
    times: dict[str, list[float]] = {"a key to its letter painted": [], "a key to its verdict painted": []}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "messages.tsv"
        data.write_text("".join(f"{'spam' if i % 3 == 0 else 'ham'}\tsome words {i}\n" for i in range(60)))
        recipe = ("--data", str(data), "--model", name, "--weights", "random", "--trainable", "head", "--epochs", "1")
        train = (sys.executable, "-m", "workbench", "train", *recipe, "--runs", folder)
        subprocess.run(train, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with terminal.Terminal("--runs", folder) as app:
            app.until("messages")
            app.send("4")
            app.until("This is")
            app.send(TEXT)
            app.until("tell")
            for text in texts(keys):
                quiet(app)
                app.send("\x7f")
                quiet(app)
                app.output = b""
                began = time.monotonic()
                app.send(text[-1])
                while not app.read(1.0):
                    pass
                times["a key to its letter painted"].append(time.monotonic() - began)
                app.until("This is")
                times["a key to its verdict painted"].append(time.monotonic() - began)
            app.send("\x11")
            app.close()
    return times


def quiet(app) -> None:
    """Read until nothing has been painted for a while."""
    while app.read(0.1):
        pass


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--model", choices=list(MODELS), default="nano")
    asked.add_argument("--keys", type=int, default=100)
    given = asked.parse_args()
    times = engine(given.model, given.keys)
    kept, scratch = (statistics.median(taken) for taken in times.values())
    times |= screen(given.model, given.keys)
    print(f"{'':32}{'median':>9}{'p95':>12}")
    for what, taken in times.items():
        high = sorted(taken)[int(0.95 * len(taken))]
        print(f"{what:32}{statistics.median(taken) * 1e3:6.1f} ms{high * 1e3:9.1f} ms")
    print(f"{'scratch : kept':32}{scratch / kept:9.2f}")


if __name__ == "__main__":
    main()
