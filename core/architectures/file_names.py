"""What files are called in the folder of a model, and in that of a run."""

# in the folder of a model
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
SHARDS = "model.safetensors.index.json"  # beside weights that are cut into several files
TOKENIZER = "tokenizer.json"
TOKENS = "tokens.tiktoken.xz"  # a tokenizer that was made for it
BASE_WEIGHTS = "base.safetensors"  # in the folder of a run: the weights that it starts from
