"""The command line: one file a command, flags from the recipe, and what they print with.

What a command needs of the engine is imported when it runs, so that the app's first frame does not wait for it.
"""
