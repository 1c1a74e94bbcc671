import pytest

from core.runs import events as e
from core.runs.history import History
from workbench.charts.view import View


def at(step: int, n_steps: int = 650) -> History:
    history = History()
    history.started = e.Started(
        pid=1, n_steps=n_steps, epochs=5, rows={}, labels=["ham", "spam"], majority=0.5,
        learns=1, parameters=1, device="cpu", threads=1,
    )  # fmt: skip
    history.losses = [0.5] * step
    history.step = step
    return history


def after(view: View, *keys: str, history: History, columns: int = 66) -> View:
    for key in keys:
        view = view.turned(key, history, columns)
    return view


@pytest.mark.parametrize(
    ("step", "n_steps", "span"),
    [(0, 650, 0), (79, 650, 0), (80, 650, 20), (650, 650, 20), (19, 60, 0), (60, 60, 5), (10**6, 10**6, 30_000)],
)
def test_smoothing_follows_the_steps_on_show_once_there_are_enough(step, n_steps, span):
    assert View().span(at(step, n_steps)) == span
    assert View(smooth=False).span(at(step, n_steps)) == 0


def test_fewer_steps_are_the_latest_and_more_are_all():
    history, view, seen = at(403), View(), []
    for _ in range(6):
        view = after(view, "fewer", history=history)
        seen.append((view.last, view.axis(history)))
    assert seen[:4] == [(200, (220, 420)), (100, (310, 410)), (50, (355, 405)), (20, (384, 404))]
    assert seen[4:] == seen[3:4] * 2
    assert view.of_the_steps() == "last 20 steps"
    view = after(view, "more", "more", "more", history=history)
    assert view.last == 200
    assert after(view, "more", history=history).axis(history) == (0, 650)
    assert after(View(), "fewer", history=at(650)).axis(at(650)) == (150, 650)  # never beyond the run
    assert after(View(), "fewer", "more", history=at(7)) == View()


def test_a_window_moves_in_notches():
    view = View(last=100)
    assert [view.axis(at(step))[0] for step in (50, 301, 305, 310, 311)] == [0, 210, 210, 210, 220]


def test_the_cursor_moves_by_columns_and_stays_on_the_curve():
    history = at(650)
    view = after(View(), "read", history=history)
    assert view.cursor == 650
    moved = {
        key: after(view, "left", "left", key, history=history).cursor
        for key in ("left", "right", "far_left", "first", "last")
    }
    assert moved == {"left": 620, "right": 640, "far_left": 530, "first": 1, "last": 650}
    assert after(view, "far_right", history=history).cursor == 650
    assert after(view, "read", history=history) == View()
    assert after(View(), "read", history=at(0)).cursor == 1


def test_a_window_keeps_the_cursor_in_view_and_follows_again_without_it():
    history = at(403)
    view = after(View(), "fewer", "fewer", "read", history=history)
    assert view.axis(history) == (310, 410)
    far = after(view, *["far_left"] * 10, history=history)
    low, high = far.axis(history)
    assert low <= far.cursor <= high and low < 310 and far.of_the_steps() == "100 steps"
    back = after(far, "right", "right", history=history)
    assert back.axis(history) == far.axis(history)  # what is in view does not move
    assert after(far, "last", history=history).axis(history)[1] >= 403
    assert after(far, "read", history=history).axis(history) == (310, 410)
    for shown in (after(far, "fewer", history=history), after(far, "more", history=history)):
        low, high = shown.axis(history)
        assert low <= shown.cursor <= high
    waiting = View(last=100, cursor=330)
    assert [waiting.axis(at(step))[0] for step in (403, 450, 500)] == [310, 330, 330]


def test_what_is_done_to_the_curves_is_said():
    history = at(403)
    assert View().of_the_loss(history) == "smoothed over 20 steps"
    assert View(log=True, last=20).of_the_loss(history) == "log · last 20 steps"
    assert View(log=True, last=200).of_the_loss(history) == "smoothed over 7 steps · log · last 200 steps"
    assert after(View(), "smooth", "log", history=history).of_the_loss(history) == "log"
