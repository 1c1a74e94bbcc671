"""What a part does in training, as a mark of its own colour: ■ learns, · frozen, ▚ frozen under adapters that learn."""

from core.freeze import FreezePlan, parts_of

MARKS = {"train": "■", "frozen": "·", "lora": "▚"}  # by the role of their colour
STATES = {"train": "learning", "frozen": "frozen", "lora": "LoRA"}
LEGEND = "■ learns  · frozen  ▚ LoRA"


def role(plan: FreezePlan, part: str) -> str:
    """Which of MARKS a place in `parts_of` has under a plan."""
    learns = plan.of_part(part)
    return "frozen" if learns is None else "train" if learns == part else "lora"


def lowest(plan: FreezePlan) -> int:
    """The place in `parts_of` of the lowest part that learns or is adapted; the head's where there is none."""
    parts = parts_of(plan.n_blocks)
    return next((i for i, part in enumerate(parts) if plan.of_part(part)), len(parts) - 1)
