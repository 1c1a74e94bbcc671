"""What the prefix cache saved of the time of a finished run."""

from core.wording import clock

WORTH_SAYING = 1.5  # seconds


def saved_in_words(result: dict) -> str:
    """'the cache saved 0:12 of 0:47', of what the run would have taken; empty where that is nothing to speak of."""
    saved = (result.get("cache") or {}).get("saved", 0)
    return (
        f"the cache saved {clock(saved)} of {clock(result['seconds']['total'] + saved)}"
        if saved >= WORTH_SAYING
        else ""
    )
