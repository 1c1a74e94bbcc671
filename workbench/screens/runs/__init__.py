"""Runs: what have I tried?"""
