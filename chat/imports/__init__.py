"""Takes over users, channels and messages from other chat systems and from archives of this one.

`readers` turn an export into the records of `records`. `staging` puts the messages in order, and the writers (`users`,
`channels`, `files`, `messages`) store what is not there yet. `importer` runs all of it. The table `ImportedRecord`
knows what has been stored, so an import can be interrupted and repeated.
"""
