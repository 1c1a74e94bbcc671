"""How long near copies take to be found in a file, or in several together.

    python tests/benchmarks/near.py FILE [FILE ...] [--most N]

Seconds are of the processor, from the texts in memory to the first row of each; reading the files is counted apart.
Texts are compared across files too, as across the splits of one.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from core.data.near import first_near
from core.data.read import read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--most", type=int, help="rows of all files together, from the start")
    given = parser.parse_args()
    began = time.process_time()
    texts = [text for file in given.files for text in read(file).texts][: given.most]
    reading = time.process_time() - began
    began = time.process_time()
    first = first_near(texts)
    seconds = time.process_time() - began
    near = int((first != np.arange(len(texts))).sum())
    print(f"{len(texts):,} texts, {sum(map(len, texts)) / 1e6:.1f} M characters, read in {reading:.1f} s")
    print(f"near copies of an earlier text: {near:,}, found in {seconds:.1f} s of the processor")


if __name__ == "__main__":
    main()
