"""Asking a trained model: the one way to a text's probabilities, baselines, and a verdict while one types.

Everything that is reported goes through `predict`: fp32, uncached, the same alone and in any batch.
Imports `train` and what is below it.
"""
