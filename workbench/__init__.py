"""The terminal: screens that compose and dispatch, and the same on the command line. No engine logic.

It loads no torch, NumPy or scikit-learn before a command needs them: what is slow runs in a helper or a worker.
"""
