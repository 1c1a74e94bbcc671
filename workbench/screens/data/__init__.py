"""Data: what am I about to learn from?"""
