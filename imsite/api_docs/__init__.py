"""The site's own description of how programs talk to it: the OpenAPI document, a viewer for it, and a page on the
WebSocket protocols. All of it is made of the code that answers, so none of it can be out of date."""
