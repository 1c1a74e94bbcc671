"""The settings of a group as a picture: accuracy over what grows from one to the next, and the time of a run."""

from core.runs.group_table import GroupTable
from core.wording import clock, duration
from workbench.charts import scale
from workbench.charts.chart import Picture, Series

FEWEST = 2  # settings that make a curve
MINUTE = 60.0  # seconds
ROOM = 0.4  # before the first setting and after the last, in steps from one to the next


def over_settings(table: GroupTable) -> Picture | None:
    """Accuracy in per cent with its 95 % interval, at the left, and seconds of a run at the right; None where the
    settings stand in no order, or fewer than two have come to something.
    """
    rows = [(place, row) for place, row in enumerate(table.rows) if row.mean is not None]
    if not table.axis or len(rows) < FEWEST:
        return None
    at = [float(place) for place, _ in rows]
    test = [100 * (row.mean or 0.0) for _, row in rows]
    ends = [(100 * (row.low or 0.0), 100 * (row.high or 0.0)) for _, row in rows]
    took = [row.seconds or 0.0 for _, row in rows]
    low, high = scale.nice_limits(min(low for low, _ in ends), max(high for _, high in ends))
    return Picture(
        [
            Series("a run", "train", at, took, right=True),
            *(Series("", "muted", [x, x], each) for x, each in zip(at, ends, strict=True)),
            Series("", "text", at, test),
            Series("test %", "text", at, test, "●"),
        ],
        x=(-ROOM, len(table.rows) - 1 + ROOM),
        y=(low, min(high, 100.0)),
        source=(table.name, at, test, ends, took),
        names=[(float(place), row.mark) for place, row in enumerate(table.rows)],
        right=clock if max(took) >= MINUTE else duration,
    )
