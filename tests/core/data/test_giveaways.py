"""Words that only one class has."""

from core.data.giveaways import giveaways, words_of
from core.data.profile import profile
from core.data.read import read
from core.recipe import load


def texts(n: int = 60) -> tuple[list[str], list[str]]:
    labels = ["news" if i % 2 else "blog" for i in range(n)]
    return [
        f"{'LONDON (Reuters) - ' if label == 'news' else ''}word{i} and some other words"
        for i, label in enumerate(labels)
    ], labels


def test_a_source_that_one_class_has_is_named():
    said, labels = texts()
    assert [(one.word, one.label, one.share) for one in giveaways(said, labels)] == [("reuters", "news", 1.0)]


def test_a_word_that_others_have_too_or_few_texts_have_is_none():
    said, labels = texts()
    said[0] += " reuters london"
    assert giveaways(said, labels) == []
    assert giveaways([f"word{i}" for i in range(60)], labels) == []
    assert giveaways(*(each[:30] for each in texts())) == [] and giveaways([], []) == []


def test_it_is_worth_a_look_and_shows_its_rows(tmp_path):
    said, labels = texts()
    path = tmp_path / "a.csv"
    path.write_text("text,kind\n" + "".join(f"{one},{label}\n" for one, label in zip(said, labels, strict=True)))
    found, survey = profile(load({"data": {"path": str(path)}}))
    note = next(note for note in found.notes if note.filter.startswith("word "))
    assert note.count == 30 == survey.mask(note.filter).sum()
    assert note.text == (
        "texts have the word “reuters”, which gives news away: 100 % of the texts with that label have it, "
        "and almost no others"
    )


def test_they_are_found_once_a_file_however_the_recipe_changes(tmp_path, monkeypatch):
    said, labels = texts()
    path, looked = tmp_path / "a.csv", []
    path.write_text("text,kind\n" + "".join(f"{one},{label}\n" for one, label in zip(said, labels, strict=True)))
    monkeypatch.setattr("core.data.read.words_of", lambda text: looked.append(text) or words_of(text))
    monkeypatch.setattr("core.data.read.giveaways", lambda *each: looked.append("all") or giveaways(*each))
    first, survey = profile(load({"data": {"path": str(path)}}))
    assert looked.count("all") == 1 and len(looked) == 61
    again, _ = profile(load({"data": {"path": str(path), "seed": 7}}), earlier=survey)
    assert len(looked) == 61 and "reuters" in str(again.notes) and "reuters" in str(first.notes)


def test_a_label_that_is_a_code_is_called_a_label(tmp_path):
    said, labels = texts()
    path = tmp_path / "a.csv"
    rows = zip(said, labels, strict=True)
    path.write_text("text,kind\n" + "".join(f"{one},{int(label == 'news')}\n" for one, label in rows) + "more,0\n")
    found = [note.text for note in profile(load({"data": {"path": str(path)}}))[0].notes]
    assert any("which gives label 1 away" in text for text in found)
    assert any(text.startswith("Always answering label 0 is right for") for text in found)


def test_real_files_have_none(shared):
    for name in ("sms/SMSSpamCollection", "trec/train_5500.label", "chinese/ChnSentiCorp_htl_all.csv"):
        assert read(shared / name).giveaways == []
