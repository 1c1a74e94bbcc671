"""`python -P -m core.helper data`, or `model`, or `fetch`."""

import sys

from core.helper.protocol import main
from core.wording import ShownStream

sys.stderr = ShownStream(sys.stderr)
main(sys.argv[1])
