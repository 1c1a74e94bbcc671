"""What people call the actions besides their own words, and how a search finds them."""

import re

SYNONYMS = {
    "source": "open load import file csv dataset columns separator encoding",
    "tokens": "tokenizer tokenize pieces",
    "all_models": "gpt2 bert distilbert llama smollm qwen huggingface hub download pretrained",
    "fetch": "download weights",
    "ask": "generate prompt continue completion zero-shot",
    "lora": "adapters peft low-rank",
    "vary": "sweep grid search hyperparameters several values seeds mark",
    "vary_model": "sweep which model compare",
    "vary_layers": "sweep which layers freeze",
    "questions": "sweep exercises experiments learning curve which model first last token context length",
    "toggle": "freeze unfreeze thaw trainable",
    "thaw": "unfreeze trainable layers lora",
    "all": "full fine-tuning everything",
    "head_only": "linear probe classifier",
    "train": "start run fit learn go",
    "train_here": "start run fit learn go",
    "train_next": "queue",
    "pause": "wait hold",
    "stop": "cancel abort interrupt end",
    "resume": "continue restart",
    "change_rates": "learning rate lr epochs steer schedule",
    "checkpoint": "save weights",
    "save": "export toml write config recipe",
    "code": "pytorch python export script requires_grad",
    "command_line": "cli shell terminal copy export flags",
    "copy": "clipboard yank",
    "doubts": "mislabelled mislabeled label noise confident learning wrong labels clean",
    "relabel": "label class correct fix",
    "errors": "mistakes wrong confusion misclassified",
    "play": "predict classify try inference",
    "other": "checkpoint choose run",
    "read_values": "cursor crosshair",
    "smooth": "average ema",
    "zoom": "enlarge maximise full screen",
    "worker_log": "stderr output traceback",
    "baseline": "compare mcnemar reference",
    "overlay": "compare curves",
    "name_run": "rename tag comment label",
    "delete_run": "remove trash",
    "unfold": "group fold expand collapse sweep",
    "continue_group": "resume sweep",
    "stop_group": "cancel abort sweep",
    "delete_group": "remove trash sweep",
    "measure": "benchmark speed time price",
    "theme": "theme colors colour dark light mode contrast appearance",
    "quit": "exit close leave",
    "help": "keys shortcuts bindings keyboard",
    "explain": "help about what glossary",
    "jump": "go to panel focus",
    "search": "find grep filter",
    "join_labels": "merge classes",
    "drop_near": "duplicates deduplicate minhash",
}


def finds(words: list[str], text: str) -> bool:
    """Whether each of the words begins a word of the text."""
    found = re.findall(r"\w+", text.lower())
    return all(any(each.startswith(word) for each in found) or word in text.lower().split() for word in words)
