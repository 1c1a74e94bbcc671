"""What all screens share: the draft of the next run, the run that is followed, and what starts runs and controls them.

Draft: the recipe being edited and what is known about its data and model. Imports `core` and Textual, never the app.
"""
