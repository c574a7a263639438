"""The table of all limits, made from the declarations: `manage.py limits`."""
