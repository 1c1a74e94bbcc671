"""What a part does in training, as a mark of its own colour: ■ learns, · frozen, ▚ frozen under adapters that learn."""

MARKS = {"train": "■", "frozen": "·", "lora": "▚"}  # by the role of their colour
STATES = {"train": "learning", "frozen": "frozen", "lora": "LoRA"}
LEGEND = "■ learns  · frozen  ▚ LoRA"
