"""What a run was told while it trained, as lists, titles and cards say it."""

import pytest

from core.recipe import load
from core.runs import control
from core.runs import events as e
from core.runs.events import encode
from core.runs.history import History
from core.runs.listing import Listing
from core.runs.root import create_run
from core.runs.steering import learned, steered, steered_run, weights_tested


def learns(step, parts, words, **more):
    return e.Trainable(step=step, parts=parts, words=words, parameters=7, depth=3, **more)


def told(step, change):
    return e.Applied(step=step, id=f"{step}", control=change)


FIRST = learns(0, "last_block", "last block")
THAWED = [
    told(154, {"type": "learn", "trainable": "last_two_blocks"}),
    learns(154, "last_two_blocks", "last two"),
]
RATE = told(199, {"type": "rates", "lr": 0.001})
END = e.Steps(step=300, loss=[0.1], lr=[1e-3], tokens=9, seconds=0.5, rss=7)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], ""),
        (THAWED, "last two from step 155"),
        ([*THAWED, RATE], "last two from step 155; lr 0.001 from step 200"),
        ([learns(154, "last_two_blocks", "last two", scheduled=True)], ""),  # as the recipe says
        ([e.Applied(step=9, id="x", control=RATE.control, refused="it was told to stop")], ""),
    ],
)
def test_what_a_run_was_told_in_words(events, words):
    history = History.of([FIRST, *events, END])
    assert steered(history) == words
    assert learned("last block", words) == "; ".join(filter(None, ["last block", words]))


@pytest.mark.parametrize(
    ("step", "events", "words"),
    [
        (120, [], "weights of step 120"),
        (120, THAWED, "weights of step 120, before the last two blocks learned"),
        (1200, THAWED, "weights of step 1,200"),
        (160, [*THAWED, RATE], "weights of step 160, before the change at step 200"),
    ],
)
def test_weights_from_before_a_change_say_so(step, events, words):
    assert weights_tested(History.of([FIRST, *events, END]), step) == words


def test_a_list_says_what_a_run_was_told(tmp_path):
    plain, told_run = (create_run(tmp_path, load({"freeze": {"trainable": "last_block"}})) for _ in range(2))
    for run, events in ((plain, [FIRST, END]), (told_run, [FIRST, *THAWED, END])):
        run.events_file.write_bytes(b"".join(encode(event) for event in events))
    told_run.send(control.SetTrainable("last_two_blocks"))
    assert steered_run(plain) == "" and steered_run(told_run) == "last two from step 155"
    newest, oldest = Listing(tmp_path).look()
    assert (newest.learned, oldest.learned) == ("last block; last two from step 155", "last block")
