"""What files are called in the folder of a model, and in that of a run."""

# in the folder of a model
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
SHARDS = "model.safetensors.index.json"  # beside weights that are cut into several files
TOKENIZER = "tokenizer.json"
BPE_FILE, MERGES_FILE, WORDPIECE_FILE = "vocab.json", "merges.txt", "vocab.txt"  # of older tokenizers
SETTINGS = "tokenizer_config.json"  # beside a tokenizer of either kind
TOKENS = "tokens.tiktoken.xz"  # a tokenizer that was made for it
# what a published tokenizer is kept in: the first set of which every file is there
TOKENIZERS = ((TOKENIZER,), (MERGES_FILE, BPE_FILE), (WORDPIECE_FILE,), (TOKENS,))
# what says what a model is, and how it reads a text
SMALL_FILES = (CONFIG, SETTINGS, *(file for files in TOKENIZERS for file in files))
BASE_WEIGHTS = "base.safetensors"  # in the folder of a run: the weights that it starts from
