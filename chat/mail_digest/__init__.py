"""Mails of the direct messages and mentions that a user has missed, if they ask for them.

`actions` stores the choice. On one node of the site, the dispatcher of `chat.push` follows the event log for both:
`audience` finds the users whom messages concern and notes when a mail may be due. `sender` then lets `missed` find what
the user may read, has not read and wants to hear of, `mail` writes it, and `results` records the mail server's answer.
"""
