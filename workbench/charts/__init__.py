"""Curves over steps: their arithmetic, how they are looked at, and the one file that knows plotext."""
