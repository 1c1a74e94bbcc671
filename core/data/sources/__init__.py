"""File formats, one reader a file: what is recognised as a format is read into cells.

A *source* is anything with the two functions of `Source`, here a module; `registry` lists them. Of `core.data` this
room imports `archive`, `columns`, `fetch` and `standard_input` alone.
"""
