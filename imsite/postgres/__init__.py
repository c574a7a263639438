"""Django's PostgreSQL backend, with another look at the connections of its pool."""
