"""What a block of a model is, for a person who knows GPT-2's: it is drawn, told and documented by these facts."""

from typing import Literal, NamedTuple

Norm = Literal["LayerNorm", "RMSNorm"]
Positions = Literal["a table", "rotary", "a bias by distance", "vectors of distances"]
Sight = Literal["what is before", "all of the text", "what is near"]
Activation = Literal["GELU", "ReLU", "GeGLU", "SwiGLU"]


class BlockDesign(NamedTuple):
    """How the two halves of a block, attention and MLP, are made. Heads and widths are the architecture's."""

    norm: Norm  # which takes no mean where it is RMSNorm
    norm_first: bool  # before each half, and not after what it is added to
    positions: Positions  # how a token knows where it stands
    sees: Sight  # what a token attends to
    mlp: Activation  # its activation; the last two have a gate
    besides: str = ""  # what else its attention does otherwise than GPT-2's
    whole_every: int = 1  # in every so many blocks a token sees all of the text

    @property
    def norm_in_words(self) -> str:
        """'RMSNorm before each half'."""
        return f"{self.norm} {'before' if self.norm_first else 'after'} each half"


GPT2 = BlockDesign("LayerNorm", True, "a table", "what is before", "GELU")


def in_code(design: BlockDesign) -> list[str]:
    """The two halves of a block as lines of Python, with the book's names."""
    attention = f"  # sees {design.sees}" + (f", 1 block of {n} all" if (n := design.whole_every) > 1 else "")
    if design.norm_first:
        return ["# a block", f"x = x + att(norm1(x)){attention}", f"x = x + ff(norm2(x))  # {design.mlp}"]
    return ["# a block", f"x = norm1(x + att(x)){attention}", f"x = norm2(x + ff(x))  # {design.mlp}"]
