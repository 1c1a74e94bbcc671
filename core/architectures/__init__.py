"""What a model is, without torch: dimensions, config.json in and out, parameters, FLOPs, published names.

One file a family, the named models, and the one look-up. Imports only the ground floor.
"""
