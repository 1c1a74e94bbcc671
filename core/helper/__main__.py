"""`python -P -m core.helper data`, or `model`, or `fetch`."""

import sys

from core.helper.protocol import main

main(sys.argv[1])
