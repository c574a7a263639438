"""Measures reads and writes of a site on PostgreSQL whose tables of messages are large."""
