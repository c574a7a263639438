"""Bugs for nodes. A node whose settings are `tests.chaos.plants.settings` has a bug while its mark exists.

The mark of a bug is the file `plant.<name>` in the data directory.
"""
