"""The interface's child processes: `python -m core.helper data`, `model` and `fetch`, which answer JSON lines.

A request has a kind; the newest of a kind wins; the helper ends at the end of its input. No torch in the data helper.
Imports every room of the engine.
"""
