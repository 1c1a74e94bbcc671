"""Words that only one class has."""

from core.data.giveaways import giveaways
from core.data.profile import profile
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
    assert note.text == "texts have reuters, which gives news away: 100 % of its texts have it, and hardly any other"


def test_real_files_have_none(shared):
    for name in ("sms/SMSSpamCollection", "trec/train_5500.label", "chinese/ChnSentiCorp_htl_all.csv"):
        found, _ = profile(load({"data": {"path": str(shared / name)}}))
        assert not [note for note in found.notes if note.filter.startswith("word ")]
