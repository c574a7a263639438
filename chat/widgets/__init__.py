"""Widgets: one channel in another page, of this site or of another origin.

The page gives the widget a token for one user, one channel and one origin, which lasts IM_WIDGET_TOKEN_SECONDS.
`tokens.py` signs and reads it, `issuing.py` issues it, `sessions.py` logs a connection in by it, and `callers.py` finds
the user of an HTTP call. The commands of such a connection stand in `chat/commands/widget_rights.py`;
`Connection.only_channel` limits the events that it gets, and `files.py` the files.
"""
