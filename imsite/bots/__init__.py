"""Example bots: services that connect with `imsite.client` and a token, and use nothing else of the site."""
