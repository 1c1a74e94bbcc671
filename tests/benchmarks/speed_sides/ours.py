"""Our side: a real run, by the worker that every run has, timed by the events that it leaves."""

import sys
from pathlib import Path

from speed_sides.child import serve

from core.recipe import load
from core.runs.events import Baseline, Ended, Event, Phase, Started, Steps
from core.runs.folder import RunFolder
from core.runs.root import create_run
from core.worker import process


def measure(job: dict) -> dict:
    """One run of `{"recipe", "runs"}`, whole: nothing is sampled."""
    run = create_run(Path(job["runs"]), load(job["recipe"]))
    failed = process.main(str(run.path))
    events, _ = run.events()
    if failed:
        sys.exit(f"{run.name}: {events[-1].why} {events[-1].do}")
    return spent(events) | facts(run, events)


def spent(events: list[Event]) -> dict:
    """`seconds` from the first row read to the result, less `weights` spent on loading them; and what made them up."""

    def first(kind: type, name: str | None = None) -> float:
        return next(e.t for e in events if isinstance(e, kind) and (name is None or e.name == name))

    began, started, ended = events[0].t, first(Started), first(Ended)
    counted = max(e.t for e in events if isinstance(e, Baseline) and e.t <= started)
    probed = [e.t for e in events if isinstance(e, Phase) and e.name == "probe"]
    learn = [e.t for e in events if isinstance(e, Phase) and e.name == "learn"]
    steps = sum(e.seconds for e in events if isinstance(e, Steps))
    phases = {
        "read": first(Phase, "tokens") - began,
        "tokens": first(Phase, "baseline") - first(Phase, "tokens"),
        "baseline": counted - first(Phase, "baseline"),
        "encode": min([*probed, learn[0]]) - started,
        "probe": learn[0] - min([*probed, learn[0]]),
        "steps": steps,
        "looks": learn[-1] - learn[0] - steps,
        "evaluate": first(Phase, "test") - learn[-1],
        "test": ended - first(Phase, "test"),
    }
    return {"seconds": ended - started + counted - began, "weights": started - counted, "phases": phases}


def facts(run: RunFolder, events: list[Event]) -> dict:
    """What the floor is counted from."""
    recipe, started = run.recipe(), next(e for e in events if isinstance(e, Started))
    return {
        "precision": recipe.speed.precision,
        "context": recipe.model.context,
        "batch": recipe.batch,
        "epochs": started.epochs,
        "n_steps": started.n_steps,
        "learns": started.learns,
        "one_row": recipe.readout.one_row,
        "probed": recipe.data.probe == "on",
        "eval_every": recipe.train.eval_every,
        "eval_batches": recipe.train.eval_batches,
    }


if __name__ == "__main__":
    serve(measure, niced=True)
