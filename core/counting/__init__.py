"""Counting words and characters: the classifier that needs no network, and what it counts.

A text becomes a TF-IDF vector of its n-grams, which logistic regression learns from. NumPy, SciPy and scikit-learn; no
torch. It imports the ground floor alone.
"""
