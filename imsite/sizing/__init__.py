"""Estimates the hardware of a site from measured costs, for `manage.py sizing`."""
