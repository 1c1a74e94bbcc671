"""Rows of chats and of instructions: what was asked is the text, and what was answered the label."""

from collections.abc import Iterator, Sequence
from typing import Any

from core.data.columns import few
from core.data.sources.export import Export, Record
from core.data.sources.source import Damaged

LISTS = ("messages", "conversations", "conversation")
ASKED = ("user", "human", "prompter")
ANSWERED = ("assistant", "gpt", "model", "chatgpt", "bot")
LONG = 50  # characters, mean: answers that are longer are no labels
NO_ANSWER = Damaged("a chat without question or answer")


class Chats(Export):
    """Chats of which each ends in an answer; the answers are labels where they are few and short."""

    form = "chats"

    def __init__(self, items: Sequence[dict[str, Any]]):
        super().__init__(items)
        found = [pair for item in items if (pair := self._pair(item))]
        answers = [answer for _, answer in found]
        is_few = len(set(answers)) <= few(len(answers))
        short = sum(map(len, answers)) <= LONG * len(answers)
        self._names = ("text", "label") if is_few and short else ASKED[:1] + ANSWERED[:1]
        self._several = any(sum(role in ANSWERED for role, _ in _turns(item)) > 1 for item in items)

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """It has a list of turns, each of somebody."""
        return bool(_turns(item))

    def _pair(self, item: dict[str, Any]) -> tuple[str, str] | None:
        """The last answer, and what was asked before it; None where one of them is missing."""
        turns = _turns(item)
        last = max((i for i, (role, _) in enumerate(turns) if role in ANSWERED), default=-1)
        asked = [text for role, text in turns[: last + 1] if role in ASKED]
        return (asked[-1], turns[last][1]) if asked else None

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The question and the answer, with the other fields of the row."""
        pair = self._pair(item)
        others = {key: value for key, value in item.items() if key not in (*LISTS, *self._names)}
        yield {**dict(zip(self._names, pair, strict=True)), **others} if pair else NO_ANSWER

    def notes(self) -> list[str]:
        """Whether a chat has several answers."""
        return ["Of each chat the last answer is read, and the question before it."] if self._several else []


class Instructions(Chats):
    """Instructions with an input, which may be empty, and an output."""

    form = "instructions"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """It has both of the fields."""
        return isinstance(item.get("instruction"), str) and isinstance(item.get("output"), str)

    def _pair(self, item: dict[str, Any]) -> tuple[str, str] | None:
        asked, answer = item.get("input") or item.get("instruction"), item.get("output")
        return (asked, answer) if isinstance(asked, str) and isinstance(answer, str) else None

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The input, or the instruction where there is none, and the output, with the other fields of the row."""
        for record in super().records(item):
            if isinstance(record, dict):
                yield {key: value for key, value in record.items() if key not in ("instruction", "input", "output")}
            else:
                yield record


def _turns(item: dict[str, Any]) -> list[tuple[str, str]]:
    """Who said what; contents may be lists of parts, of which the text counts."""
    found: list[Any] = next((item[key] for key in LISTS if isinstance(item.get(key), list)), [])
    turns = []
    for turn in found:
        if not isinstance(turn, dict):
            return []
        role, content = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
        if isinstance(content, list):
            content = "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        if not isinstance(role, str) or not isinstance(content, str | None):
            return []
        turns.append((role.lower(), (content or "").strip()))
    return turns
