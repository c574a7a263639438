"""Full-text search of messages.

`tokenizer` splits texts and queries into words, `index` keeps them in the database's own full-text index, `queries`
searches it under the guard of the chat. The index follows the event log about a second behind, so it costs a send
nothing.
"""
