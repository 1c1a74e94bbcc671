"""A file of labelled texts, from the path to labelled splits: reading, columns, labels, splits, batches, and a profile.

A table holds the usable rows of a file; prepared rows have a split; a batch plan says which rows make which batch.
Imports `text`, `runs` and what is below them.
"""
