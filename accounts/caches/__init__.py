"""Look-ups of callers, users and apps that the event loop answers from memory for a few seconds.

They are read in batches (`delivery.db.lookup_cache`) and dropped by `invalidation` when they change. In threads each
look-up is a query.
"""
