"""What all screens share: the recipe and its profile, the run on show, and starting and telling runs.

Widgets subscribe to its signals; its work runs in Textual's workers. Imports no screen, widget or command.
"""
