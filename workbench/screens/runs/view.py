"""Which of the runs are listed, and in which order."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from core.architectures.lookup import short_name
from core.datasets import called, same_data
from core.runs.listing import Entry


class Order(NamedTuple):
    """What runs are sorted by: `value` of an entry, None where it has none; in words, and turned round."""

    value: Callable[[Entry], Any]
    words: str
    reversed: str


SORTS = {
    "newest": Order(lambda entry: 0, "newest first", "oldest first"),  # as they come
    "test": Order(lambda entry: -entry.score.accuracy if entry.score else None, "best test first", "worst test first"),
    "F1": Order(lambda entry: -entry.score.f1 if entry.score else None, "best macro F1 first", "worst macro F1 first"),
    "time": Order(lambda entry: entry.score.seconds if entry.score else None, "fastest first", "slowest first"),
    "name": Order(lambda entry: entry.label.name.casefold() or None, "by name", "by name, Z first"),
}
SAME_DATA = "of this file"
FILTERS: dict[str, Callable[[Entry], bool]] = {
    "done": lambda entry: entry.status.state == "done",
    "training or queued": lambda entry: entry.status.alive or entry.status.state == "queued",
    "ended early": lambda entry: entry.status.ended_early or entry.status.state == "damaged",
}
EVERY_FILTER = ("", SAME_DATA, *FILTERS)


class View(NamedTuple):
    """Runs that hold what was searched for and pass the filter, sorted."""

    search: str = ""
    filter: str = ""
    sort: str = "newest"
    reverse: bool = False

    def of(self, entries: Sequence[Entry], path: str) -> list[Entry]:
        """Entries, given newest first, as they are listed. `path` is the data that the next run learns from."""
        wanted = self.search.casefold().split()
        found = [
            entry for entry in entries if self._passes(entry, path) and all(word in words_of(entry) for word in wanted)
        ]
        value = SORTS[self.sort].value
        known = sorted((entry for entry in found if value(entry) is not None), key=value)
        without = [entry for entry in found if value(entry) is None]
        return [*(reversed(known) if self.reverse else known), *without]

    def _passes(self, entry: Entry, path: str) -> bool:
        if self.filter == SAME_DATA:
            return entry.about is not None and same_data(entry.about.data, path)
        return not self.filter or FILTERS[self.filter](entry)

    def turned(self, what: str) -> "View":
        """The next filter, the next order, or the same turned round."""
        match what:
            case "filter":
                return self._replace(filter=_after(self.filter, EVERY_FILTER))
            case "sort":
                return self._replace(sort=_after(self.sort, [*SORTS]), reverse=False)
        return self._replace(reverse=not self.reverse)

    @property
    def in_words(self) -> list[str]:
        """What is other than at first: 'done', '“gpt2”', 'best test first'."""
        order = SORTS[self.sort].reversed if self.reverse else SORTS[self.sort].words
        said = self.filter, f"“{self.search}”" if self.search else "", order if order != SORTS["newest"].words else ""
        return [*filter(None, said)]


def words_of(entry: Entry) -> str:
    """What a search looks through: name, note, group, model, data, what learned, state and options of a run."""
    about = entry.about
    words = [entry.run.name, entry.label.name, entry.label.note, entry.status.state, entry.learned]
    words += [entry.member.group] if entry.member else []
    if about:
        words += [short_name(about.model), called(about.data) if about.data else ""]
        words += [f"{option}={value}" for option, value in about.options.items()]
    return " ".join(words).casefold()


def _after(one: str, all_of_them: Sequence[str]) -> str:
    return all_of_them[(all_of_them.index(one) + 1) % len(all_of_them)]
