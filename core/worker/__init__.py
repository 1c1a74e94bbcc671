"""What the process of a run does: `python -m core.worker RUN`.

An attempt gathers the data, builds the model, learns, tests, and writes each thing that happens as an event.
Imports every room of the engine but `helper`.
"""
