"""A long run at moderate load with restarts: `python -m tests.chaos.soak`."""
