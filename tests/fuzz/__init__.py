"""Fuzzing of what reads bytes of strangers. `python -m tests.fuzz` runs it for a time; a test tries a few examples."""
