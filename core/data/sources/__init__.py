"""File formats, one reader a file: what is recognised as a format is read into cells.

A *source* is a module with the two functions of `Source`. This room imports the rest of `core.data` only where it says
what columns hold and which file a name stands for.
"""
