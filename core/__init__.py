"""The engine of the workbench: it reads data, trains, predicts and yields events. It never prints.

The modules that stand here are the ground floor: they load no torch and import none of the rooms. CONTRIBUTING.md has
the map; import-linter's contracts in pyproject.toml hold it.
"""
