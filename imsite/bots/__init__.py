"""Bots: services that connect like people, by `imsite.client` and a token. Nothing of the site itself is used here."""
