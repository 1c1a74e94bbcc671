"""Every screen as a picture, from the real app on a real run.

    python screenshots/make.py FILE [--theme light] [--size 80x24] [--into FOLDER]

FILE holds labelled texts; the SMS Spam Collection made the pictures here. Needs rsvg-convert for the PNGs.
"""

import argparse
import asyncio
import html
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.recipe import load
from core.runs.folder import RunFolder
from core.runs.launch import launch
from core.runs.root import create_run
from workbench import themes
from workbench.app import WorkbenchApp
from workbench.screens.model.ask_dialog import AskDialog
from workbench.screens.play.verdict import Verdict
from workbench.screens.play.your_text import YourText
from workbench.screens.runs.settings import Settings

HERE = Path(__file__).parent
SENTENCE = "You are a winner you have been specially selected to receive $1000 cash or a $2000 award."
EVERYDAY = "Hey, just wanted to check if we're still on for dinner tonight? Let me know!"
SMALL = (80, 24)
EARLIER = ("head", "last_block")  # what learns in the runs that the list of runs shows
CELL, WIDE = 12.2, 14.64  # how wide Textual's pictures draw a cell, and a braille letter of DejaVu Sans at that size
BRAILLE = re.compile("([\u2800-\u28ff]+)")
TEXT = re.compile(
    r'<text xml:space="preserve" (class="[^"]*") x="([\d.]+)" y="([\d.]+)" textLength="[\d.]+" '
    r'(clip-path="[^"]*")>([^<]*[\u2800-\u28ff][^<]*)</text>'
)


async def until(pilot, condition, seconds: float = 600) -> None:
    """Let the app live until `condition()` holds, and what follows from it is painted."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("a screen never came to what was waited for")
        await pilot.pause(0.1)
    await pilot.pause(0.5)


async def pictures(data: str, root: Path, theme: str, size: tuple[int, int], into: Path) -> None:
    app = WorkbenchApp(
        load({"data": {"path": data}, "freeze": {"trainable": "last_two_blocks"}, "train": {"epochs": 3}}), root
    )
    session = app.session

    def save(name: str) -> None:
        write(app, into / f"{name}.svg")

    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await until(pilot, lambda: session.draft.profile is not None and session.draft.models)
        await pilot.press("1")
        await until(pilot, lambda: True)
        save("data")
        await pilot.press("2", "P")
        await until(pilot, lambda: session.draft.speeds is not None and session.draft.measuring is None)
        save("model")
        app.screen.action_ask()
        await until(pilot, lambda: isinstance(app.screen, AskDialog))
        await pilot.press("enter")
        await until(pilot, lambda: " tokens in " in str(app.screen.query_one(".hint").render()))
        save("ask")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, AskDialog))
        await session.launcher.start()
        await pilot.press("3")
        await until(
            pilot,
            lambda: (
                session.followed.history.n_steps
                and session.followed.history.step > 0.62 * session.followed.history.n_steps
            ),
        )
        save("train")
        await until(pilot, lambda: session.followed.history.ended is not None and not session.followed.status.alive)
        save("result")
        await pilot.press("4")
        await until(pilot, lambda: app.current_mode == "play")
        for words, then in ((EVERYDAY, ["enter"]), (SENTENCE, [])):
            app.screen.query_one(YourText).text = words
            await until(pilot, lambda: "This is" in str(app.screen.query_one(Verdict).render()))
            await pilot.pause(2)
            await pilot.press(*then)
        save("play")
        await pilot.press("escape")
        await pilot.press("5")
        await until(pilot, lambda: app.current_mode == "runs")
        await pilot.pause(2.5)
        save("runs")


async def lost(run: RunFolder, theme: str, into: Path) -> None:
    """The card of a run that does worse than counting words, in a small terminal."""
    app = WorkbenchApp(load(), run.path.parent)
    async with app.run_test(size=SMALL) as pilot:
        app.theme = theme
        followed = app.session.followed  # at first the newest run, by itself
        await until(pilot, lambda: followed.status is not None)
        followed.follow(run)
        app.action_mode("train")
        await until(pilot, lambda: followed.run.path == run.path and followed.history.result)
        write(app, into / "lost.svg")


async def group(data: str, root: Path, theme: str, size: tuple[int, int], into: Path) -> None:
    """A question that several runs answer, with its curve."""
    words = ("--exercise", "learning-curve", "--model", "tfidf", "--seeds", "2", "--name", "learning-curve")
    command = [sys.executable, "-P", "-m", "workbench", "sweep", data, *words, "--runs", str(root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    app = WorkbenchApp(load({"data": {"path": data}, "model": {"name": "tfidf"}}), root)
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        app.action_mode("runs")
        await until(pilot, lambda: app.current_mode == "runs" and app.screen.query(Settings))
        await until(pilot, lambda: app.screen.query_one(Settings).count and app.screen.query_one("#picture").display)
        await pilot.pause(2.5)
        write(app, into / "group.svg")


def write(app: WorkbenchApp, path: Path) -> None:
    """The screen as it is now."""
    path.write_text(app.export_screenshot())


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("file")
    asked.add_argument("--theme", choices=["dark", "light"], default="dark")
    asked.add_argument("--size", default="120x36", metavar="COLUMNSxROWS")
    asked.add_argument("--into", type=Path, default=HERE)
    given = asked.parse_args()
    theme = {"dark": themes.DARK, "light": themes.LIGHT}[given.theme].name
    size = tuple(map(int, given.size.split("x")))
    given.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        earlier = []
        for trainable in EARLIER:
            recipe = load({"data": {"path": given.file}, "freeze": {"trainable": trainable}, "train": {"epochs": 1}})
            earlier.append(create_run(root, recipe))
            launch(earlier[-1]).wait()
        asyncio.run(lost(earlier[0], theme, given.into))
        asyncio.run(pictures(given.file, root, theme, size, given.into))
        asyncio.run(group(given.file, root / "group", theme, size, given.into))
    if shutil.which("rsvg-convert"):
        for svg in given.into.glob("*.svg"):
            command = ["rsvg-convert", "-w", "1600", "-o", str(svg.with_suffix(".png"))]
            subprocess.run(command, input=in_cells(svg.read_text("utf-8")), text=True, encoding="utf-8", check=True)
    else:
        print("rsvg-convert is not here: no PNGs. Debian has it in librsvg2-bin.")


def in_cells(svg: str) -> str:
    """A picture whose runs of braille are scaled to their cells.

    Fira Code has no braille, the font that stands in is wider, and rsvg-convert does not know textLength.
    """

    def place(found: re.Match) -> str:
        kind, x, y, clip, words = found.groups()
        placed, at = [], float(x)
        for piece in filter(None, BRAILLE.split(html.unescape(words))):
            text = html.escape(piece, quote=False).replace(" ", "&#160;")
            if BRAILLE.match(piece):
                where = (
                    f'style="font-family: DejaVu Sans" transform="translate({at:.1f} {y}) scale({CELL / WIDE:.4f} 1)"'
                )
            else:
                where = f'x="{at:.1f}" y="{y}" {clip}'
            placed.append(f'<text xml:space="preserve" {kind} {where}>{text}</text>')
            at += len(piece) * CELL
        return "".join(placed)

    return TEXT.sub(place, svg)


if __name__ == "__main__":
    main()
