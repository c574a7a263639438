"""Search in what was said.

`words` makes words of texts and questions, `index` keeps them in the database's own full-text index, `find` asks it and
obeys the guard of the chat. The index follows the log: it is about a second behind, and costs a send nothing.
"""
