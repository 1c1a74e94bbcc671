"""Play: does it work on my words?"""
