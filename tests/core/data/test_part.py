"""A part of a large file."""

from collections import Counter

import pytest

from core.data.parts import read_parts
from core.data.prepare import prepare
from core.errors import BadData
from core.recipe import load


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.csv"
    rows = [f"text {i},{'rare' if i % 100 == 7 else 'ab'[i % 4 == 0]},{i % 7}\n" for i in range(4000)]
    path.write_text("text,label,author\n" + "".join(rows))
    return path


def data(path, **changes):
    return load({"data": {"path": str(path), "text": "text", "label": "label", **changes}}).data


@pytest.mark.parametrize("rows", [2, 3, 10, 400, 3999])
def test_each_label_keeps_its_share(large, rows):
    whole, part = read_parts(data(large)), read_parts(data(large, rows=rows))
    assert len(part.texts) == rows and part.n_rows == 4000
    assert part.rows == sorted(set(part.rows)) and [whole.texts[i] for i in part.rows] == part.texts
    assert [whole.labels[i] for i in part.rows] == part.labels
    shares, found = Counter(whole.labels), Counter(part.labels)
    assert all(abs(found[label] - n * rows / 4000) <= 2 for label, n in shares.items())
    assert part.notes[-1] == (
        f"{rows:,} of 4,000 rows are taken, with each label's share kept; {4000 - rows:,} are left out."
    )


def test_the_seed_decides_which_and_all_that_belongs_to_a_row_stays_with_it(large):
    one, again, other = (read_parts(data(large, rows=300, seed=seed, group="author")) for seed in (1, 1, 2))
    assert one.rows == again.rows != other.rows
    assert one.groups == [str(row % 7) for row in one.rows]
    assert read_parts(data(large, rows=300, stratify=False)).notes[-1].startswith("300 of 4,000 rows are taken;")
    prepared = prepare(one, data(large, rows=300, seed=1, group="author"))
    assert len(prepared.rows) == 300


def test_a_file_with_fewer_rows_is_taken_whole_and_says_so(large):
    found = read_parts(data(large, rows=4000))
    assert len(found.texts) == 4000 and "All of them: there are 4,000 rows" in found.notes[-1]


def test_parts_of_their_own_keep_their_share(large, tmp_path):
    (tmp_path / "test.csv").write_text("text,label,author\n" + "".join(f"t {i},{'ab'[i % 2]},1\n" for i in range(1000)))
    found = read_parts(data(large, rows=500, test_path=str(tmp_path / "test.csv")))
    assert Counter(found.splits) == {"train": 400, "test": 100}


def test_a_part_that_is_too_small_is_to_be_made_larger(large):
    of = data(large, rows=4)
    with pytest.raises(BadData, match="Take more with --rows, or split"):
        prepare(read_parts(of), of)
