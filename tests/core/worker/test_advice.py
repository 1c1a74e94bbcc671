"""What a run's advice takes from its texts."""

from core.recipe import load
from core.worker.advice import setting_of


def test_another_model_is_advised_for_texts_with_letters_and_by_their_script():
    recipe = load({"model": {"name": "nano"}})
    words, russian, numbers = ["tea at 5", "+49 170", "home"], ["привет", "чай", "5"], ["tea at 5", "+49 170", "😀!"]
    found = [(one.learns_more, one.foreign) for one in (setting_of(recipe, each) for each in (words, russian, numbers))]
    assert found == [("minilm", False), ("minilm", True), ("", False)]
