"""The screens, each in a folder with its own widgets and dialogs; what they have in common stands here.

A screen imports no other screen's widgets: what two need is in `workbench.widgets`.
"""
