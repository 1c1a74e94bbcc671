"""A group on disk: gone on with from wherever it was when its maker was killed, and said where it is damaged."""

import os

import msgspec
import pytest

from core.errors import BadRun
from core.recipe import load
from core.runs import edits, mark, queue
from core.runs import group as groups
from core.runs.edits import Edit
from core.runs.events import Ended, encode
from core.runs.folder import RunFolder
from core.runs.group import Group
from core.runs.group_table import progress_in_words, table_of
from core.runs.launch import lock
from core.runs.listing import Listing
from core.runs.records import Member
from core.runs.root import create_run, find_run, list_runs
from core.runs.sweep import Plan


@pytest.fixture
def root(tmp_path, wait):
    """A folder of runs in which one is running, so that none begins."""
    root = tmp_path / "runs"
    busy = create_run(root, Plan(base={}).recipes()[0])
    held = lock(busy)
    yield root
    for run in queue.waiting(root):
        queue.take_out(run)
    os.close(held)
    wait(lambda: not queue.served(root))


@pytest.fixture
def group(root):
    return groups.keep(root, Group(name="g", plan=Plan(base={}, varied={"train.lr": ["1e-4", "1e-3"]}, seeds=2)))


def members(root):
    return [run.demand_member() for run in list_runs(root)[::-1]]


def test_a_group_goes_on_from_wherever_its_maker_was_killed(root, group):
    planned = group.plan.planned("g")
    first, half = create_run(root, planned[0].recipe, planned[0].member), root / "r3"
    half.mkdir()
    mark.put(RunFolder(half))
    (half / "group.json").write_bytes(msgspec.json.encode(planned[1].member))  # killed before its recipe was there
    runs = groups.fill(root, groups.find(root, "g"), planned)
    assert runs[0].path == first.path and len({run.path for run in runs}) == 4
    assert [run.demand_member() for run in runs] == [one.member for one in planned]
    assert [run.name for run in queue.waiting(root)] == [run.name for run in runs]
    assert [run.name for run in groups.fill(root, group, planned)] == [run.name for run in runs]
    assert len(list_runs(root)) == 5


def test_a_group_from_elsewhere_is_not_gone_on_with_before_a_person_was_asked(root, group):
    planned = group.plan.planned("g")
    run = create_run(root, planned[1].recipe, planned[1].member)
    run.mark_file.write_text("another folder's")
    with pytest.raises(BadRun, match="was not made in this folder"):
        groups.fill(root, group, planned)
    assert len(list_runs(root)) == 2 and not queue.waiting(root)


def test_more_seeds_add_runs_and_another_plan_needs_another_name(root, group):
    runs = groups.fill(root, group, group.plan.planned("g"))
    more = groups.keep(root, msgspec.structs.replace(group, plan=group.plan.widened(3)))
    assert groups.fill(root, more, more.plan.planned("g"))[:4] != [] and len(list_runs(root)) == 7
    assert groups.keep(root, group).plan.seeds == 3  # asked again with fewer, none is lost
    other = Group(name="g", plan=Plan(base={}, varied={"train.lr": ["1e-5", "1e-3"]}))
    with pytest.raises(BadRun, match="asks something else"):
        groups.keep(root, other)
    assert groups.unfinished(root, more) == "g" and groups.unfinished(root, other) == ""
    halving = msgspec.structs.replace(more, halving=True)
    assert groups.unfinished(root, halving) == ""
    with pytest.raises(BadRun, match="asks something else"):
        groups.keep(root, halving)
    assert groups.free_name(root, "g") == "g-1"
    assert {run.name for run in runs} <= {run.name for run in groups.runs_of(root, "g").values()}


@pytest.mark.parametrize("damage", [b"", b"{", b'{"name": "other", "plan": {"base": {}}}', b"[" * 100_000])
def test_a_damaged_group_is_a_sentence(root, group, damage):
    (root / ".groups" / "g.json").write_bytes(damage)
    with pytest.raises(BadRun, match=r"g\.json of \.groups is damaged"):
        groups.find(root, "g")
    assert groups.unfinished(root, group) == ""


def test_what_says_no_group_is_none(root):
    for name in ("", "..", "../runs", "r4", "4", "last", "a/b", "x" * 65, ".g"):
        assert groups.find(root, name) is None
        with pytest.raises(BadRun, match="cannot be called"):
            groups.demand_name(name)
    for name in ("context-length-1", "Versuch.2", "试验"):
        groups.demand_name(name)


def test_a_run_whose_place_in_a_group_is_damaged_is_listed_by_itself(root, group):
    run = groups.fill(root, group, group.plan.planned("g"))[0]
    for damage in (b"{", b'{"group": "../x", "setting": 0, "seed": 0}', b'{"group": "g", "setting": -1, "seed": 0}'):
        run.group_file.write_bytes(damage)
        entry = next(entry for entry in Listing(root).look() if entry.run.name == run.name)
        assert entry.member is None and "group.json" in entry.status.why
        assert Member("g", 0, 0) not in groups.runs_of(root, "g")


def test_a_link_in_place_of_the_groups_is_not_followed(root, tmp_path):
    (root / ".groups").symlink_to(tmp_path)
    with pytest.raises(BadRun, match="not a folder of its own"):
        groups.keep(root, Group(name="g", plan=Plan(base={}, seeds=2)))
    assert not (tmp_path / "g.json").exists()


def test_runs_of_a_group_whose_file_is_gone_are_never_taken_for_those_of_another(root, group):
    groups.fill(root, group, group.plan.planned("g"))
    (root / ".groups" / "g.json").unlink()
    with pytest.raises(BadRun, match="not known any more"):
        groups.find(root, "g")
    with pytest.raises(BadRun, match="not known any more"):
        groups.keep(root, Group(name="g", plan=Plan(base={}, varied={"train.lr": ["1e-5", "1e-3"]})))
    with pytest.raises(BadRun, match="g is a group, and a run is wanted"):
        find_run(root, "g")
    one = Group(name="h-1", plan=group.plan)
    groups.fill(root, one, one.plan.planned("h-1")[:1])
    assert groups.free_name(root, "h") == "h-2"


def test_two_that_begin_at_once_without_a_name_get_one_each(root):
    first, other = (Group(name="s-1", plan=Plan(base={}, varied={"train.lr": [lr]})) for lr in ("1e-4", "1e-3"))
    assert groups.keep(root, first, named=False).name == "s-1"
    assert groups.keep(root, first, named=False).name == "s-1"  # it asks just the same
    assert groups.keep(root, other, named=False).name == "s-2"
    assert groups.find(root, "s-1").plan == first.plan


def test_a_table_counts_only_places_of_its_plan_and_says_why_runs_failed(root, group):
    for run in groups.fill(root, group, group.plan.planned("g")):
        queue.take_out(run)
        run.events_file.write_bytes(encode(Ended(state="failed", why="Nothing was to learn.", do="Label some.")))
    fewer = msgspec.structs.replace(group, plan=msgspec.structs.replace(group.plan, seeds=1))
    table = table_of(root, fewer)
    assert [len(row.runs) for row in table.rows] == [1, 1]
    assert progress_in_words(table) == "0 of 2 runs done, 2 failed"
    assert table.problems == ["r2 and 1 more failed. Nothing was to learn. Label some."]


@pytest.mark.parametrize("at_first", [0, 1])
def test_runs_that_are_made_later_learn_from_the_rows_as_they_were_mended_when_the_first_was(root, tmp_path, at_first):
    path = tmp_path / "mails.csv"
    path.write_text("label,text\nham,hello\nham,you\nspam,win\n")
    plan = Plan(base={"data": {"path": str(path)}}, varied={"train.lr": ["1e-4", "1e-3"]}, seeds=1)
    group = groups.keep(root, Group(name="mended", plan=plan))
    data, changes = plan.recipes()[0].data, [Edit.of("hello", "ham", "spam"), Edit.of("you", "ham", None)]
    for change in changes[:at_first]:
        edits.add(edits.file_of(root, data), data, change)
    first, second = group.plan.planned("mended")
    (one,) = groups.fill(root, group, [first])
    edits.add(edits.file_of(root, data), data, changes[at_first])
    _, later = groups.fill(root, group, [first, second])
    known = [mended.edits if mended else [] for mended in map(edits.of_run, (one, later))]
    assert known == [changes[:at_first]] * 2
    assert edits.of_run(create_run(root, second.recipe)).edits == changes[: at_first + 1]  # one of no group
    other = tmp_path / "others.csv"
    other.write_text("label,text\nham,hello\n")
    elsewhere = create_run(root, load({"data": {"path": str(other)}}), beside=one)
    assert edits.of_run(elsewhere) is None
