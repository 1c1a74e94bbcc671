"""`python -P -m core.worker RUN`."""

import sys

from core.errors import WorkbenchError
from core.wording import ShownStream
from core.worker.process import main

sys.stdout, sys.stderr = ShownStream(sys.stdout), ShownStream(sys.stderr)
try:
    sys.exit(main(sys.argv[1]))
except (WorkbenchError, OSError) as error:  # there is no log of events to say it in
    sys.exit(str(error))
