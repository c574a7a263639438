"""Web Push (RFC 8030, 8291, 8292): notifications of messages for browsers in which no page is open.

`actions` changes subscriptions. On one node of the site, `dispatcher` follows the event log: `audience` finds the
subscriptions that a message concerns and stores notifications, `preparation` checks each again when it is due and makes
its request, and `results` records the answer of the push service.
"""
