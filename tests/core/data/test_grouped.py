"""Splits by group and by time."""

import tracemalloc
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.grouped import by_group, by_time, moments
from core.data.prepare import prepare
from core.data.profile import profile
from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData, BadRecipe
from core.recipe import load

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=3, max_size=120))
def test_no_group_is_on_two_sides(rows):
    groups, labels = (np.array(each) for each in zip(*rows, strict=True))
    part = by_group(groups, labels, SHARES)
    assert all(len(set(part[groups == group])) == 1 for group in set(groups.tolist()))
    assert set(part) <= set(SHARES) and part.tolist() == by_group(groups, labels, SHARES).tolist()


def test_parts_have_about_their_shares_of_rows_and_labels():
    random = np.random.default_rng(0)
    groups, labels = random.integers(0, 200, 4000), random.integers(0, 3, 4000)
    part = by_group(groups, labels, SHARES)
    for name, share in SHARES.items():
        for label in range(3):
            assert np.mean(part[labels == label] == name) == pytest.approx(share, abs=0.02)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=100))
def test_what_came_before_is_learned_from_and_one_moment_is_never_cut(times):
    times = np.array(times, dtype=float)
    part = by_time(times, SHARES)
    ends = [times[part == name] for name in SHARES]
    for earlier, later in ((ends[0], ends[1]), (ends[0], ends[2]), (ends[1], ends[2])):
        assert not len(earlier) or not len(later) or earlier.max() < later.min()


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %B %Y", "%b %d, %Y", "%Y-%m-%dT%H:%M:%SZ",
             "%Y年%m月%d日", "%a, %d %b %Y %H:%M:%S +0000", "%a %b %d %H:%M:%S +0000 %Y", "%m/%d/%Y %I:%M %p"],
)  # fmt: skip
def test_dates_are_read_as_people_write_them(form):
    days = [date(2024, 1, 1) + timedelta(days=9 * i) for i in range(40)]
    found, are_dates = moments([f"{day:{form}}" for day in days])
    assert are_dates and np.diff(found).tolist() == [9 * 86_400.0] * 39 and found[0] == 1704067200


def test_what_is_no_date_is_none():
    found, are_dates = moments(["soon", "", "2024-02-30", "2024-02-01"])
    assert are_dates and np.isnan(found).tolist() == [True, True, True, False]
    found, are_dates = moments(["3", "1.5", "x"])
    assert not are_dates and found[:2].tolist() == [3, 1.5]


def test_a_long_text_is_no_date_and_is_not_searched_for_one():
    # each way to read a date would look at every blank once for every other one
    found, are_dates = moments(["2024-02-01", "2024-02-02", f"a{' ' * 100_000}b"])
    assert are_dates and np.isnan(found).tolist() == [False, False, True]


@pytest.fixture
def table(tmp_path):
    """A table of 60 texts, with an author for each three and a day for each two."""
    lines = ["text,kind,author,day"]
    for i in range(60):
        lines.append(f"some words number {i},{'ab'[i % 2]},author {i // 3},2024-{1 + i // 20:02}-{1 + i % 20 // 2:02}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def split_of(path, **said):
    data = load({"data": {"path": str(path), "label": "kind"} | said}).data
    table = read(path, Options.of(data))
    return table, prepare(table, data)


def test_a_column_keeps_its_rows_together(table):
    _, prepared = split_of(table, group="author")
    side = {f"author {row // 3}": set() for row in range(60)}
    for row, split in zip(prepared.rows, prepared.split, strict=True):
        side[f"author {row // 3}"].add(str(split))
    assert all(len(sides) == 1 for sides in side.values())
    assert {name: len(prepared.indices(name)) for name in SHARES} == {"train": 42, "validation": 6, "test": 12}
    folds = [split_of(table, group="author", fold=f"{i}/4")[1] for i in range(1, 5)]
    tested = [row for one in folds for row in one.rows[one.indices("test")]]
    assert sorted(tested) == list(range(60))


def test_the_latest_rows_are_tested(table):
    _, prepared = split_of(table, time="day")
    rows = {name: prepared.rows[prepared.indices(name)] for name in SHARES}
    assert rows["train"].max() < rows["validation"].min() and rows["validation"].max() < rows["test"].min()
    shown, _ = profile(load({"data": {"path": str(table), "label": "kind", "time": "day"}}))
    said = [note.text for note in shown.notes]
    assert (
        "Split by column day, 2024-01-01 to 2024-03-10: validation begins with 2024-03-02, test with 2024-03-05."
        in said
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([f"{1801 + i}-03-01" for i in range(60)], "1801-03-01 to 1860-03-01"),
        ([f"{2090 + i}-03-01" for i in range(60)], "2090-03-01 to 2149-03-01"),
        ([str(1801 + i) for i in range(60)], "1801 to 1860"),
        ([str(1_700_000_000 + 86_400 * i) for i in range(60)], "2023-11-14 to 2024-01-12"),
        ([str(1_700_000_000_000 + 86_400_000 * i) for i in range(60)], "2023-11-14 to 2024-01-12"),
        ([str(-5 * i) for i in range(60)], "-295 to 0"),
        # some of them might be days, but not all
        ([str(1_700_000_000_000 + 60_000_000_000 * i) for i in range(60)], "1700000000000 to 5240000000000"),
        ([str(90_000_000 + 1_000_000 * i) for i in range(60)], "90000000 to 149000000"),
        ([f"{2000 + i}-03-01" for i in range(59)] + ["9999-12-31 23:59:59.999999"], "2000-03-01 to 9999-12-31"),
        (["0001-01-01T00:00:00+14:00"] + [f"{2000 + i}-03-01" for i in range(59)], "0001-01-01 to 2058-03-01"),
        ([f"{2000 + i}-03-01" for i in range(59)] + ["9999-12-31T23:00:00-12:00"], "2000-03-01 to 9999-12-31"),
    ],
)
def test_dates_of_any_year_are_said_as_dates_and_numbers_as_they_are(tmp_path, cells, said):
    path = tmp_path / "dated.csv"
    path.write_text("text,kind,day\n" + "".join(f"words {i},{'ab'[i % 2]},{cell}\n" for i, cell in enumerate(cells)))
    shown, _ = profile(load({"data": {"path": str(path), "time": "day"}}))
    assert f"Split by column day, {said}: " in " ".join(note.text for note in shown.notes)


def test_a_row_without_a_date_is_left_out_and_a_column_without_any_is_refused(table):
    table.write_text(table.read_text() + "one more text here,a,someone,soon\n")
    found, _ = split_of(table, time="day")
    assert found.skipped == {"no date": 1} and len(found.texts) == 60
    with pytest.raises(BadData, match="Column author of table.csv holds no dates or numbers in most rows"):
        split_of(table, time="author")


def test_too_few_groups_are_refused(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("text,kind,all\n" + "".join(f"words {i},{'ab'[i % 2]},same\n" for i in range(40)))
    with pytest.raises(BadData, match="There is one group in all, and the split has 3 parts"):
        split_of(path, group="all")
    with pytest.raises(BadData, match="has no column none"):
        split_of(path, group="none")


@pytest.mark.parametrize(
    "said", [{"group": "a", "split": "b"}, {"time": "a", "test_path": "b"}, {"time": "a", "group": "b"},
             {"time": "a", "fold": "1/5"}],
)  # fmt: skip
def test_what_cannot_be_kept_to_together_is_refused(said):
    with pytest.raises(BadRecipe, match="Leave"):
        load({"data": said})


@pytest.mark.parametrize(
    "form", ["%Y-%m", "%m/%Y", "%b-%y", "%Y年%m月", "%d-%b-%y", "%Y-%m-%d 10:20:30 UTC", "%d.%m.%Y, 10:20",
             "%m/%d/%Y, 10:20:30 AM", "%Y/%m/%d 10:20:30.123", "%A, %d %B %Y", "%dth %B %Y", "%b %d %Y 10:20AM",
             "%d/%b/%Y:10:20:30 +0000", "%d-%m-%y"],
)  # fmt: skip
def test_months_and_dates_of_other_programs_are_read(form):
    days = [date(2023 + i // 12, 1 + i % 12, 1) for i in range(30)]
    found, _ = moments([f"{day:{form}}" for day in days])
    assert np.isfinite(found).all() and (np.diff(found) > 0).all()


def test_how_dates_are_written_is_found_in_all_of_the_file_not_in_its_first_days():
    start = datetime(2024, 2, 1)
    cells = [f"{start + timedelta(minutes=30 * i):%d/%m/%Y %H:%M}" for i in range(900)]
    assert (np.diff(moments(cells)[0]) == 1800).all()
    # a single day that can be no month decides
    assert np.isfinite(moments([*(f"{1 + i % 12:02}/02/2024" for i in range(500)), "13/02/2024"])[0]).all()


def test_groups_that_are_as_many_as_parts_leave_none_empty():
    groups, labels = np.repeat(np.arange(6), 50), np.repeat([0, 1, 0, 1, 0, 1], 50)
    for shares in (SHARES, {"train": 0.9, "validation": 0.05, "test": 0.05}):
        assert set(by_group(groups, labels, shares)) == set(shares)
        assert set(by_group(groups[:150], labels[:150], shares)) == set(shares)


def test_groups_that_are_long_texts_take_no_more_memory_than_they_have(tmp_path):
    path = tmp_path / "long.csv"
    rows = (f"words {i},{'ab'[i % 2]},{'x' * (2_000_000 if i == 0 else 1)}{i // 4}\n" for i in range(2000))
    path.write_text("text,kind,thread\n" + "".join(rows))
    tracemalloc.start()
    split_of(path, group="thread")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6


def test_a_split_that_fails_says_why_and_is_not_described(tmp_path):
    path = tmp_path / "same.csv"
    path.write_text("text,kind,day\n" + "".join(f"words {i},{'ab'[i % 2]},2024-01-01\n" for i in range(40)))
    shown, _ = profile(load({"data": {"path": str(path), "label": "kind", "time": "day"}}))
    assert "Rows of one moment are never cut" in shown.problem
    assert not [note.text for note in shown.notes if "Split by" in note.text]


def test_times_in_milliseconds_are_shown_as_days_and_numbers_whole(tmp_path):
    path = tmp_path / "times.csv"
    rows = (f"words {i},{'ab'[i % 2]},{1_700_000_000_000 + i * 86_400_000},{20240100 + i}\n" for i in range(40))
    path.write_text("text,kind,ms,day\n" + "".join(rows))
    for column, said in (("ms", "2023-11-14 to 2023-12-23"), ("day", "20240100 to 20240139")):
        shown, _ = profile(load({"data": {"path": str(path), "label": "kind", "time": column}}))
        assert any(said in note.text for note in shown.notes)


def test_the_label_cannot_be_the_group_and_is_not_passed_over_silently(table):
    with pytest.raises(BadData, match="Column kind is the label"):
        split_of(table, group="kind")
    lines = [line.replace("kind", "label") for line in table.read_text().splitlines()]
    table.write_text("\n".join(f"{line},{'mood' if i == 0 else 'xy'[i % 2]}" for i, line in enumerate(lines)))
    for said in ({"group": "label"}, {"text": "{text} {label}"}):
        found = read(table, Options(**said))
        assert any("Column label is used otherwise" in doubt.text for doubt in found.doubts)
    assert not read(table, Options(group="author")).doubts
