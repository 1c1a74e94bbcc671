"""Model: what will learn, and what will it cost?"""
