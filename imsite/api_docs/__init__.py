"""API documentation: the OpenAPI document, a viewer for it, and a page on the WebSocket protocols.

All of it is generated from the code that answers, so it is never out of date.
"""
