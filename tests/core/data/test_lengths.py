"""What a context would cut, the script of texts, and the shortest and longest of them."""

import numpy as np

from core.data.lengths import contexts, cuts, merged, percentiles, quantile
from core.data.profile import profile
from core.data.scripts import SCRIPTS, WINDOW, scripts_of
from core.recipe import load
from core.rows import NO_LETTERS


def test_percentiles_and_cuts_are_those_of_numpy():
    lengths = np.random.default_rng(0).integers(1, 400, 500)
    counted = {int(n): int((lengths == n).sum()) for n in set(lengths.tolist())}
    found = percentiles(counted)
    for name in ("50", "90", "95", "99"):
        assert found[name] == np.quantile(lengths, int(name) / 100, method="inverted_cdf")
    assert found["longest"] == lengths.max() and percentiles({}) == {} and quantile({}, 0.5) == 0
    assert cuts(counted, [16, 399]) == {16: int((lengths > 16).sum()), 399: 0}
    assert merged({"a": {1: 2}, "b": {1: 1, 5: 1}}) == {1: 3, 5: 1}
    assert contexts(512, 512) == [16, 32, 64, 128, 256, 512] and contexts(100, 70) == [16, 32, 64, 70, 100]


def test_scripts_by_their_letters():
    said = {
        "plain words, 123": "Latin",
        "Ænima Žižek ﬁ": "Latin",
        "привет мир ok": "Cyrillic",
        "距离川沙公路较近,WiFi": "Han",
        "今日はとても良い天気": "kana",
        "カタカナ": "kana",
        "안녕하세요": "Hangul",
        "مرحبا": "Arabic",
        "שלום": "Hebrew",
        "नमस्ते": "Devanagari",
        "สวัสดี": "Thai",
        "Καλημέρα": "Greek",
        "123 😀 !?": NO_LETTERS,
        "": NO_LETTERS,
        "\ud800": NO_LETTERS,
    }
    assert [SCRIPTS[i] for i in scripts_of([*said])] == [*said.values()]
    many = ["ok", "да"] * WINDOW
    assert scripts_of(many).tolist() == [SCRIPTS.index("Latin"), SCRIPTS.index("Cyrillic")] * WINDOW
    assert scripts_of([]).shape == (0,)


def test_a_profile_says_what_is_cut_and_in_which_script_and_each_note_shows_its_rows(tmp_path):
    path = tmp_path / "a.csv"
    texts = [f"some words of number {i}" for i in range(40)] + [
        "ok",
        "no",
        "привет всем друзьям",
        "12 34",
        "long " * 400,
    ]
    path.write_text("label,text\n" + "".join(f"{'ab'[i % 2]},{text}\n" for i, text in enumerate(texts)))
    found, survey = profile(load({"data": {"path": str(path)}}))
    assert found.percentiles["50"] == 5 and found.percentiles["longest"] == 401
    assert found.cuts == {16: 2, 32: 2, 64: 1, 128: 1, 256: 1, 512: 0} and survey.mask("longer 16").sum() == 2
    assert found.scripts == {"Latin": 43, "no letters": 1, "Cyrillic": 1}
    notes = {note.filter: note for note in found.notes}
    assert notes["script Cyrillic"].text == "text in Cyrillic script; most are in Latin"
    assert (notes["tiny"].count, notes["huge"].count, notes["script no letters"].count) == (2, 1, 1)
    assert all(survey.mask(note.filter).sum() == note.count for note in found.notes if note.filter)
    assert survey.masks(["label a", "tiny"]).sum() == 1 and survey.masks([]).all()
    counted, _ = profile(load({"data": {"path": str(path)}, "model": {"name": "tfidf"}}))
    assert counted.cuts == {} and counted.percentiles["longest"] == 401
