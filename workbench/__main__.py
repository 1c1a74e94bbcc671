"""`workbench`, and `python -m workbench`."""

import gc
import sys

if sys.platform == "win32":
    sys.exit(
        "workbench runs on Linux and macOS. On Windows it runs inside WSL: type `wsl --install` in PowerShell, "
        "then install workbench in there."
    )
gc.disable()  # what is imported and built up to the first frame stays: looking for garbage in it is time lost

from workbench.cli.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
