"""Redis and nginx for `manage.py cluster`."""
