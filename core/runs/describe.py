"""An event as a line of the log, in words."""

from core.runs import control
from core.runs import events as e
from core.wording import duration, percent, plural, size


def describe(event: e.Event) -> str:
    """The log line of an event; empty for those that are only drawn."""
    match event:
        case e.Encoded():
            return _encoded(event)
        case e.Trainable(scheduled=True):
            return f"{event.words} learning from step {event.step + 1:,} on, by the recipe"
        case e.StepExamples():
            return _learned(event)
        case e.Evaluated():
            return _evaluated(event)
        case e.Checkpointed():
            return "checkpoint saved" + (", the best so far" if event.best else "")
        case e.Resumed():
            return f"resumed from step {event.from_step}"
        case e.Applied():
            return _applied(event)
        case e.Paused():
            return f"paused after step {event.step:,}"
        case e.Noted():
            return event.text
        case e.Sampled():
            return " ".join(f"{event.prompt} … {event.text}".split())
        case e.Ended():
            words = f"{event.why} {event.do}".strip()
            return words if words.lower().startswith(event.state) else f"{event.state}. {words}".rstrip()
    return ""


def _applied(event: e.Applied) -> str:
    parsed = control.parsed(event.control)
    words = control.in_words(parsed) if parsed else str(event.control.get("type"))
    if not isinstance(parsed, control.Change):
        if event.refused and isinstance(parsed, control.Evaluate):
            return f"evaluation skipped: {event.refused}"
        words = f"told to {words}"
    elif not event.refused:
        return f"{words} from step {event.step + 1:,} on"
    return f"{words}, refused: {event.refused}" if event.refused else words


def _learned(event: e.StepExamples) -> str:
    n, wrong = len(event.rows), sum(a != b for a, b in zip(event.answers, event.labels, strict=True))
    return f"learned from {plural(n, 'text')}, of which it had {wrong:,} wrong"


def _evaluated(event: e.Evaluated) -> str:
    if event.bits is not None:
        found = f"{event.split}{', all of it' if event.whole else ''}: loss {event.loss:.3f}"
        return f"{found}, {event.bits:.3f} bits a byte, {percent(event.accuracy)} of next tokens guessed"
    of = f"{'all ' * event.whole}{plural(event.rows, 'text')}"
    return f"{event.split}, {of}: loss {event.loss:.3f}, accuracy {percent(event.accuracy)}"


def _encoded(event: e.Encoded) -> str:
    blocks, texts = plural(event.blocks, "block"), plural(event.texts, "text")
    if event.found == event.texts:
        return f"{blocks}: {texts} were encoded before, read from disk."
    spent = f"in {duration(event.seconds)}, {size(event.bytes)}{' in bf16' * (event.dtype == 'bfloat16')}."
    if not event.found:
        return f"{blocks} encoded once for {texts} {spent}"
    rest = f"the other {event.texts - event.found:,} now"
    return f"{blocks}: {event.found:,} of {texts} were encoded before, {rest} {spent}"
