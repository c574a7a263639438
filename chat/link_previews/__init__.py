"""Previews of pages that messages link to.

The node that stores a message loads the pages after the commit, on its event loop. `queue` decides when, `page_loader`
fetches under the SSRF guard, `page_parser` reads the page in a process of its own, and `chat.actions.link_preview`
stores the previews and appends their event. Readers never contact the foreign site.
"""
