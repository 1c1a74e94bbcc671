"""How soon the app paints, beside what importing Textual and opening an empty Textual app takes.

python tests/benchmarks/first_frame.py [REPEATS]
"""

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("terminal", ROOT / "workbench" / "terminal.py")
terminal = importlib.util.module_from_spec(spec)
spec.loader.exec_module(terminal)


def frame(runs: str) -> float:
    with terminal.Terminal("--runs", runs) as screen:
        took = screen.until("Source")
        screen.send("q")
        screen.close()
    return took


def command(code: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.monotonic() - began


def main(repeats: int) -> None:
    rows = {"workbench, first frame": [], "python -c 'import textual.app'": [], "python -c 'pass'": []}
    with tempfile.TemporaryDirectory() as runs:
        for _ in range(repeats):
            rows["workbench, first frame"].append(frame(runs))
            rows["python -c 'import textual.app'"].append(command("import textual.app"))
            rows["python -c 'pass'"].append(command("pass"))
    ours = statistics.median(rows["workbench, first frame"])
    print(f"{'':36}{'median':>9}{'best':>9}{'ratio':>8}")
    for name, times in rows.items():
        middle = statistics.median(times)
        print(f"{name:36}{middle:8.3f}s{min(times):8.3f}s{ours / middle:8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
