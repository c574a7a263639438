"""Slash commands: texts such as `/invite @bob` that are run and not sent.

`parser` reads the text, `builtin` has the site's own commands, `runs` calls those of services, `answers` takes what the
services answer, and `actions` are those of operators who register them.
"""
