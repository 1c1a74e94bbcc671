"""An export answers as the run does for every text, above all for those that are made to be read otherwise."""

import numpy as np
import pytest
import tokenizers
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import first
from core.export import onnx
from core.export import transformers as export

MOST = 24  # tokens of the run, of the 60 that the models could read
SPECIAL = ["<|endoftext|>", "[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]", "<s>", "</s>", "<pad>", "<mask>", "<unk>"]
PARTS = ["<", ">", "|", "[", "]", "/", "s", "s>", "<|", "|>", "endoftext", "SEP", "sep", "##", "▁", "Ġ", "<0x0A>"]
SPACE = [
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\x0b",
    "\x1c",
    "\x85",
    "\xa0",
    "\u1680",
    "\u2003",
    "\u2028",
    "\u3000",
    "\ufeff",
]
ODD = [
    "\0",
    "\x07",
    "\x1b[31m",
    "\x7f",
    "\u200b",
    "\u202e",
    "\ufffd",
    "\uffff",
    "\U0010ffff",
    "e\u0301",
    "ﬁ",
    "\U0001f469\u200d",
]
LONG = [one * 5_000 for one in ("a", " ", "-", "1", "字", "!", "e\u0301", "<s>", "ab ", "[SEP] ")]
texts = st.lists(
    st.one_of(
        st.sampled_from([*SPECIAL, *PARTS]),
        st.sampled_from([*SPACE, *ODD, "the", "fox", "prize!", "日本語"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    ),
    max_size=20,
).map("".join)
ALWAYS = ["", " ", "\0", *SPECIAL, *(f"a {name} b{name}" for name in SPECIAL), *LONG]
thorough = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DECODERS = [pytest.param(name, marks=pytest.mark.more) for name in ("smollm2-135m", "smollm2-360m")]
ENCODERS = [pytest.param(name, marks=pytest.mark.more) for name in ("modernbert", "deberta", "t5-small")]
NAMES = [*first(2, ["nano", "bert", "distilbert", "roberta", "xlm-roberta"]), *DECODERS, *ENCODERS[:2]]
KIND = {"nano": {"readout": "last_real"}}


@pytest.mark.parametrize("name", NAMES)
def test_transformers_says_the_same_of_any_text(trained, name, tmp_path):
    of = trained(name, context=MOST, **KIND.get(name, {}))
    export.export(of.model, of.recipe, of.labels, of.tokenizer, tmp_path / "out", "")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    ask = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, truncation=True)
    alone = tokenizers.Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    framed = bool(len(of.tokenizer.encode("").ids))
    special = {*tokenizer.all_special_ids} - {tokenizer.unk_token_id}
    frame = sum(id in special for id in of.tokenizer.encode("").ids.tolist())

    def check(several):
        expected = torch.cat([of.logits(text) for text in several])
        with torch.no_grad():
            together = tokenizer([*several, "the fox"], padding=True, truncation=True, return_tensors="pt")
            torch.testing.assert_close(model(**together).logits[:-1], expected, atol=1e-4, rtol=1e-4)
        for text, row in zip(several, expected, strict=True):
            ids = of.ids(text) if framed or text else []
            assert tokenizer(text, truncation=True)["input_ids"] == alone.encode(text).ids == ids
            assert sum(id in special for id in ids) == frame
            (found,) = ask(text, **({} if ids else {"padding": "max_length"}))
            score, at = row.softmax(dim=0).max(dim=0)
            assert found["score"] == pytest.approx(float(score), abs=1e-4)
            assert found["label"] == of.labels[at] or row.softmax(dim=0).topk(2)[0].diff().abs() < 1e-4

    thorough(given(st.lists(texts, min_size=1, max_size=4))(check))()
    check(ALWAYS)
    if not of.model.backbone.arch.position_table:
        return
    with pytest.raises((IndexError, RuntimeError, ValueError)):  # a text that is too long has no other answer
        transformers.pipeline("text-classification", model=model, tokenizer=tokenizer)("the fox " * MOST)


@pytest.mark.more
@pytest.mark.parametrize("name", ["nano", "bert", "roberta", "xlm-roberta", DECODERS[0], *ENCODERS])
@pytest.mark.parametrize("context", [MOST, 60])
def test_onnxruntime_says_the_same_of_any_text(trained, name, context, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="pip install onnxruntime onnxscript for this")
    pytest.importorskip("onnxscript", reason="pip install onnxruntime onnxscript for this")
    of = trained(name, context=context)
    onnx.export(of.model, of.recipe, of.labels, of.tokenizer, tmp_path / "out", "")
    session = onnxruntime.InferenceSession(tmp_path / "out" / onnx.FILE)
    alone = tokenizers.Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")

    def check(several):
        batch = alone.encode_batch(several)
        ids, mask = (np.array([getattr(one, of) for one in batch], dtype=np.int64) for of in ("ids", "attention_mask"))
        (found,) = session.run(["logits"], {"input_ids": ids, "attention_mask": mask})
        expected = torch.cat([of.logits(text) for text in several])
        np.testing.assert_allclose(found, expected, atol=1e-4, rtol=1e-4)
        again = theirs(several, padding=True, truncation=True)
        assert again["input_ids"] == ids.tolist() and again["attention_mask"] == mask.tolist()

    thorough(given(st.lists(texts, min_size=1, max_size=4))(check))()
    check(ALWAYS)
    check([""])
