"""Django's PostgreSQL backend with checks of the pooled connections; see `base`."""
