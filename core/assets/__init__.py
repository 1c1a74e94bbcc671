"""What comes with the program: a model, tokenizers, a data set."""

from pathlib import Path

FOLDER = Path(__file__).parent
