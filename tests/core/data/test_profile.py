import gzip
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from core import recipe
from core.data.profile import profile
from core.data.survey import measure
from core.errors import BadData, BadRecipe
from core.rows import Profile


def of(path, **layers) -> recipe.Recipe:
    return recipe.load({"data": {"path": str(path)}}, layers)


def notes(profile: Profile) -> dict[str, int]:
    return {note.filter: note.count for note in profile.notes}


def test_the_sms_file_under_the_book(shared):
    found, survey = profile(of(shared / "sms/SMSSpamCollection", preset="book"))
    assert (found.rows, found.quoting, found.columns) == (5572, "csv", {"text": "1", "label": "0"})
    assert found.labels == {"ham": 4825, "spam": 747} and found.learning == {"ham": 747, "spam": 747}
    assert {split: sum(rows.values()) for split, rows in found.splits.items()} == {
        "train": 1045,
        "validation": 149,
        "test": 300,
    }
    assert (found.duplicates, found.leaks) == (403, {"validation": 13, "test": 37})
    assert (found.context, found.longest_training, found.cut) == (120, 120, 0)
    assert found.problem == ""
    near = {"near": 130, "near_leak test": 26, "near_leak validation": 14}
    said = {"leak test": 37, "leak validation": 13, "duplicate": 403, "label ham": 4825, "": 0}
    assert notes(found) == said | near | {"script no letters": 3, "tiny": 12}
    assert any("Balanced before the split" in note.text for note in found.notes)
    assert (found.near_copies, found.near_leaks) == (130, {"validation": 14, "test": 26})
    assert sum(found.lengths["spam"].values()) == 747
    assert all(survey.mask(note.filter).sum() == note.count for note in found.notes if note.filter)
    assert 0.2 < found.tokens_per_character < 0.35


@pytest.mark.more
def test_the_sms_file_under_the_default(shared):
    found, _ = profile(of(shared / "sms/SMSSpamCollection"))
    assert (found.rows, found.quoting, found.duplicates) == (5574, "none", 403)
    assert found.leaks == {"validation": 0, "test": 0}
    assert sum(found.learning.values()) == 5574 - 403
    assert (found.context, found.cut) == (512, 0)


@pytest.mark.more
def test_a_profile_holds_the_tokens_of_a_window_of_texts_at_a_time(shared, monkeypatch):
    whole, _ = profile(of(shared / "sms/SMSSpamCollection"))
    monkeypatch.setattr("core.data.survey.WINDOW", 700)
    heard = []
    parts, _ = profile(of(shared / "sms/SMSSpamCollection"), lambda *report: heard.append(report))
    assert msgspec.structs.replace(parts, speed=0) == msgspec.structs.replace(whole, speed=0)
    done = [report[1] for report in heard if report[0] == "tokens"]
    assert done == sorted(done) and done[-1] == 5574 and {700, 1200, 1400} <= set(done)


@pytest.mark.more
def test_a_profile_travels_as_json(shared):
    found, _ = profile(of(shared / "sms/SMSSpamCollection"))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Profile) == found


@pytest.mark.more
def test_a_script_the_tokenizer_was_not_made_for_is_said(shared):
    found, _ = profile(of(shared / "chinese/ChnSentiCorp_htl_all.csv"))
    assert found.tokens_per_character > 1
    assert notes(found)["costly"] > 7000
    (costly,) = (note.text for note in found.notes if note.filter == "costly")
    assert "2.9 a character of Han script: try xlm-roberta" in costly and found.scripts["Han"] > 7000
    assert found.skipped[0].reason == "no text" and found.skipped[0].rows == 1


def test_texts_that_a_tokenizer_does_not_know_have_a_note_and_name_a_model_that_does(file):
    texts = ["plain words", "plain words again", "привет ✈ ☂", "☃☃☃ 龘 ☃"]
    path = file("label,text\n" + "\n".join(f"{'ab'[i % 2]},{text}" for i, text in enumerate(texts)))
    found, survey = profile(of(path, model={"name": "bert"}))
    assert survey.mask("unknown").tolist() == [False, False, True, True]
    (note,) = (note for note in found.notes if note.filter == "unknown")
    assert note.count == 2 and "xlm-roberta" in note.text
    again, _ = profile(of(path, model={"name": "bert", "context": 8}), earlier=survey)
    assert notes(again)["unknown"] == 2
    assert "unknown" not in notes(profile(of(path))[0])  # which takes bytes


def test_a_model_that_learns_more_is_offered_where_texts_hold_letters(file):
    def offered(*texts):
        path = file("label\ttext\n" + "".join(f"{'ab'[i % 2]}\t{texts[i % len(texts)]} {i}\n" for i in range(40)))
        return [note.offers for note in profile(of(path))[0].notes if note.offers]

    assert offered("some text number") == [{"model.name": "minilm"}] and offered("tea at 5", "8 pm", "12", "é 3") == [
        {"model.name": "minilm"}
    ]
    assert offered("100 200 300") == offered("+49 170 555, 20 %") == offered("4000 😀", "!!! ??? 100 100") == []


def test_the_context_is_the_models_the_longest_or_a_number(file):
    path = file("label,text\n" + "".join(f"{'ab'[i % 2]},{'word ' * (i + 1)}\n" for i in range(60)))
    assert profile(of(path))[0].context == 512
    longest, survey = profile(of(path, model={"context": "longest"}))
    assert longest.context == longest.longest_training == survey.lengths[survey.split == "train"].max()
    short, _ = profile(of(path, model={"context": 20}))
    assert short.cut == notes(short)["cut"] == 41


def test_what_is_worth_a_look(file):
    rows = [f"{'ab'[i % 2]},some text number {i}" for i in range(40)]
    rows += ["rare,one of a kind"] * 1 + [
        "a,other one \ufffd here",
        "a,both",
        "b,both",
        "a,some text number 0",
    ]
    found, _ = profile(of(file("label,text\n" + "\n".join(rows)), data={"stratify": False}))
    worth = notes(found)
    assert (worth["conflict"], worth["duplicate"], worth["undecodable"], worth["label rare"]) == (2, 1, 1, 1)
    assert any("has no row of rare" in note.text for note in found.notes)
    assert all(note.text and (note.count or not note.filter) for note in found.notes)


@pytest.mark.parametrize(
    "content, what",
    [
        (
            "label,text\n" + "ham,some text\nham,other text\n" * 3,
            "Every row says ham. A classifier needs two labels.",
        ),
        ("label,text\n" + "".join(f"a,text {i}\n" for i in range(20)) + "rare,one\n", "rare has 1"),
        ("label,text\n" + "ham,\nspam,\n" * 3, "Every text is empty: text holds nothing in any row."),
    ],
)
def test_a_file_that_cannot_be_split_still_shows_what_it_holds(file, content, what):
    found, survey = profile(of(file(content)))
    assert what in found.problem
    assert found.rows and found.splits == found.learning == found.leaks == {}
    assert survey.mask("").sum() == sum(found.labels.values()) == sum(map(len, [survey.table.texts]))
    assert msgspec.json.encode(found)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(BadData, match="There is no file"):
        profile(of(tmp_path / "gone.csv"))


def test_an_unchanged_file_is_not_read_again(file):
    path = file("label,text\n" + "".join(f"{'ab'[i % 2]},text {i}\n" for i in range(60)))
    heard = []
    _, first = profile(of(path), lambda *report: heard.append(report))
    assert {report[0] for report in heard} == {"find", "columns", "read", "tokens", "languages", "copies"}
    heard.clear()
    _, second = profile(of(path, data={"seed": 7}), lambda *report: heard.append(report), first)
    assert heard == [] and second.table is first.table
    assert (second.split != first.split).any()
    path.write_text(path.read_text() + "a,one more\n")
    assert profile(of(path), earlier=second)[0].rows == 61


def test_an_unknown_filter_is_refused(file):
    _, survey = profile(of(file("label,text\n" + "".join(f"{'ab'[i % 2]},text {i}\n" for i in range(60)))))
    with pytest.raises(BadData, match="no filter"):
        survey.mask("doubted")


def test_speed_is_that_of_a_machine():
    assert 1e8 < measure() < 1e15


@pytest.mark.more
def test_a_large_file_tells_how_far_it_is_and_can_be_left(shared):
    heard = []

    class Enough(BaseException):
        pass

    def listen(name, done, total, unit):
        heard.append((name, done, total))
        if name == "tokens" and done >= 1500:
            raise Enough

    with pytest.raises(Enough):
        profile(of(shared / "imdb/test.csv.gz"), listen)
    assert {name for name, _, _ in heard} == {"find", "columns", "read", "tokens"}
    assert [total for name, _, total in heard if name == "tokens"] == [25_000] * 4


@pytest.mark.slow
def test_the_imdb_reviews_joined(shared, tmp_path):
    parts = [gzip.decompress((shared / f"imdb/{name}.csv.gz").read_bytes()) for name in ("train", "test")]
    path = tmp_path / "imdb.csv"
    path.write_bytes(parts[0] + parts[1].split(b"\n", 1)[1])
    found, survey = profile(of(path, model={"name": "gpt2"}))
    assert (found.rows, found.labels) == (50_000, {"neg": 25_000, "pos": 25_000})
    assert found.cut and found.context == 1024 and np.isfinite(survey.lengths).all()


def test_profiles_are_quick_to_import():
    """The interface shows profiles; it must not load what it takes to make them."""
    heavy = ("numpy", "tiktoken", "pandas")
    code = f"import sys, core.rows; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_rare_label_is_said_and_does_not_refuse_the_file(file):
    path = file("label,text\n" + "".join(f"{'ab'[i % 2]},text {i}\n" for i in range(60)) + "typo,one\n")
    found, survey = profile(of(path))
    assert found.problem == "" and found.rare == {"typo": 1} and found.learning["typo"] == 0
    (note,) = (note for note in found.notes if note.filter == "rare")
    assert note.count == 1 and note.text == "row left out: typo (a label too rare to split)"
    assert note.offers == {"data.rare_labels": "join"} and survey.mask("rare").sum() == 1
    (alone,) = (note for note in profile(of(path, data={"rare_labels": "join"}))[0].notes if note.filter == "rare")
    assert alone.text.startswith("row left out, too few even joined: typo ") and alone.offers == {
        "data.rare_labels": "leave_out"
    }
    path.write_text(path.read_text() + "oops,two\nrarer,three\n")
    joined, _ = profile(of(path, data={"rare_labels": "join"}))
    assert joined.labels == {"a": 30, "b": 30, "other": 3} == joined.learning
    (note,) = (note for note in joined.notes if note.filter == "rare")
    assert note.text == "rows joined as other: typo, oops, rarer (3 labels too rare to split)" and not note.warn
    assert note.offers == {"data.rare_labels": "leave_out"}


def test_labels_that_look_alike_are_named_and_joined(file):
    kinds = ["ham", "spam", "ham", "SPAM", "ham", "sp\u0430m", "ham", "spam"]
    path = file("label,text\n" + "".join(f"{kinds[i % 8]},text {i}\n" for i in range(80)))
    found, survey = profile(of(path))
    (note,) = (note for note in found.notes if note.filter == "alike")
    assert note.count == 20 and note.offers == {"data.join_labels": "on"} and "sp\\u0430m (10)" in note.text
    assert found.alike == {"spam": ["SPAM", "sp\u0430m"]} and survey.mask("alike").sum() == 40
    joined, _ = profile(of(path, data={"join_labels": "on"}), earlier=survey)
    assert joined.labels == {"ham": 40, "spam": 40} and joined.alike == {}
    (note,) = (note for note in joined.notes if note.filter == "alike")
    assert note.count == 20 and note.offers == {"data.join_labels": "off"} and not note.warn
    assert note.text == "joined: SPAM (10), sp\\u0430m (10) with spam (20)"


def test_a_split_that_the_file_says_is_offered_and_kept_to(file):
    lines = [f"{'ab'[i % 2]},text {i},{('train', 'train', 'dev', 'test')[i // 2 % 4]}" for i in range(80)]
    path = file("label,text,part\n" + "\n".join(lines))
    found, survey = profile(of(path))
    (note,) = (note for note in found.notes if "data.split" in note.offers)
    assert note.offers == {"data.split": "part"} and found.split_column == "part"
    kept, _ = profile(of(path, data={"split": "part"}), earlier=survey)
    sizes = {split: sum(rows.values()) for split, rows in kept.splits.items()}
    assert sizes == {"train": 40, "validation": 20, "test": 20}
    (note,) = (note for note in kept.notes if "data.split" in note.offers)
    assert note.offers == {"data.split": "auto"} and not note.warn and note.text == "Kept to the split of column part."
    with pytest.raises(BadData, match="Column label of data.csv says nothing of train"):
        profile(of(path, data={"split": "label", "label": "part"}))


def test_validation_and_test_may_be_files_of_their_own(file):
    def write(name: str, first: int, n: int, more: str = "") -> str:
        rows = "".join(f"{'ab'[i % 2]},text {i}\n" for i in range(first, first + n))
        return str(file(f"label,text\n{rows}{more}", name))

    train, test = write("train.csv", 0, 60), write("test.csv", 58, 20, "c,of no class in training\na,TEXT  1\n")
    found, survey = profile(of(train, data={"test_path": test}))
    assert (found.rows, found.files) == (82, {"test": test})
    assert {split: sum(rows.values()) for split, rows in found.splits.items()} == {
        "train": 54,
        "validation": 6,
        "test": 22,
    }
    assert found.leaks["test"] + found.leaks["validation"] >= 1 and found.near_leaks["test"] == 1
    assert any("train has no row of label c" in note.text for note in found.notes)
    assert survey.table.rows == list(range(82)) and survey.table.texts[60] == "text 58"
    both = profile(of(train, data={"test_path": test, "validation_path": write("valid.csv", 90, 10)}), earlier=survey)[
        0
    ]
    assert both.rows == 92 and sum(both.splits["validation"].values()) == 10
    one_for_both = profile(of(train, data={"test_path": test, "validation_path": test}))[0]
    said = [note.count for note in one_for_both.notes if "also in validation" in note.text]
    assert said == [sum(one_for_both.splits["test"].values())]
    assert not any("also in validation" in note.text for note in found.notes)
    needed = "other.csv has no column label.*The file for test needs those of train.csv: text as text, label as label"
    with pytest.raises(BadData, match=needed):
        profile(of(train, data={"test_path": str(file("what,text\na,text\nb,more\n", "other.csv"))}))
    with pytest.raises(BadRecipe, match="beside files"):
        of(train, data={"test_path": test, "split": "part"})


def test_copies_but_for_case_and_white_space_are_counted(file):
    rows = [f"{'ab'[i % 2]},Some text number {i}" for i in range(60)]
    rows += ["a,some  text NUMBER 0", "a,some  text NUMBER 0", "a,Some text number 2"]
    found, survey = profile(of(file("label,text\n" + "\n".join(rows))))
    assert found.near_copies == 1 and found.duplicates == 2
    assert np.flatnonzero(survey.mask("near")).tolist() == [60]
    near = sum(found.near_leaks.values())
    assert near == survey.mask("near_leak").sum()


def said(path, **changes) -> str:
    """All that is said of a file, its notes and its problem."""
    found = profile(recipe.load({"data": {"path": str(path), "text": "text", "label": "label"} | changes}))[0]
    return "\n".join([*(note.text for note in found.notes), found.problem])


def test_a_test_file_of_other_labels_is_refused_and_one_with_some_more_is_told(file):
    rows = [f"{'cats' if i % 2 else 'dogs'} {i},{'ab'[i % 2]}\n" for i in range(60)]
    path = file("text,label\n" + "".join(rows))
    other = file("text,label\nnew,x\nnewer,y\n", "other.csv")
    assert "No label of test (other.csv) is learned: it has x, y, and training has a, b." in said(
        path, test_path=str(other)
    )
    more = file("text,label\nnew,a\nnewer,z\n", "more.csv")
    assert "train has no row of label z: 1 answer on it can only be wrong" in said(path, test_path=str(more))


def test_texts_and_groups_that_hold_nothing_are_told(file):
    rows = [f"{'cats' if i % 2 else 'dogs'} {i},{'ab'[i % 2]},,u{i}\n" for i in range(60)]
    path = file("text,label,empty,own\n" + "".join(rows))
    for text in ("{empty}", "{empty} [SEP] {empty}"):
        found = said(path, text=text)
        assert f"Every text is empty: {text} holds nothing in any row." in found and "tree" not in found
    for column in ("empty", "own"):
        assert f"Each row has a group of its own in column {column}," in said(path, group=column)


def test_how_pairs_are_read_is_told(file):
    path = file("text,label,more\n" + "".join(f"cats {i},{'ab'[i % 2]},dogs\n" for i in range(60)))
    read = recipe.load({"data": {"path": str(path), "text": "{text} [SEP] {more}", "label": "label"}})
    joined, parted = (
        profile(read.model_copy(update={"model": recipe.Model(name=name)}))[0] for name in ("nano", "minilm")
    )
    assert any(note.text.startswith("GPT-2 knows no pairs") for note in joined.notes)
    assert any(note.text.startswith("Pairs: BERT reads what stands before [SEP]") for note in parted.notes)
