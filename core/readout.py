"""Where a classifier looks: from hidden states of every position to one vector a text. Plain data; no torch."""

from typing import Literal, NamedTuple


class Readout(NamedTuple):
    """One way of reading a text out. `{context}` in `sentence` is how many tokens every text is padded to."""

    name: str
    where: Literal["first", "last", "mean"]
    reads_pads: bool  # whether pads count as text, so that the answer depends on the padding
    words: str  # what it looks at
    sentence: str  # for the card of an exported model
    without_pads: str = ""  # the name of the readout that it is where there are no pads

    @property
    def one_row(self) -> bool:
        """Whether it looks at a single position of each text."""
        return self.where != "mean"

    def padded(self, context: int) -> int | None:
        """To how many tokens every text must be padded, where its answer depends on that; else None."""
        return context if self.reads_pads else None

    def sees_only_first(self, causal: bool) -> bool:
        """Whether nothing after the first token can change the answer."""
        return self.where == "first" and causal

    def answers_everywhere(self, causal: bool) -> bool:
        """Whether reading a text tells, at each position, the answer for the text that ends there."""
        return self.where in ("last", "mean") and not self.reads_pads and causal


_SELF_PADDED = "the file pads every text to {context:,} tokens itself."

READOUTS: dict[str, Readout] = {
    readout.name: readout
    for readout in [
        Readout("last_real", "last", False, "the last real token", "The answer is read at the last token of a text."),
        Readout(
            "last_pad",
            "last",
            True,
            "the last position, after the padding",
            f"The answer is read at the last position after padding; {_SELF_PADDED}",
            "last_real",
        ),
        Readout("first", "first", False, "the first token", "The answer is read at the first token."),
        Readout(
            "mean",
            "mean",
            False,
            "the mean of all real tokens",
            "The answer is read from the mean of all tokens of a text.",
        ),
        Readout(
            "mean_pads",
            "mean",
            True,
            "the mean of all positions, padding too",
            f"The answer is read from the mean of all positions, padding too; {_SELF_PADDED}",
            "mean",
        ),
    ]
}


class ClassifierKind(NamedTuple):
    """What is built on a backbone, with nothing left open; each is as in a recipe."""

    readout: Readout = READOUTS["last_real"]
    head: str = "linear"
    causal: bool = True
    outputs: str = "softmax"
