"""Exports channels, users or the whole site as an archive, which `manage.py import imsite` reads again."""
