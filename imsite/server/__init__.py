"""The site's uvicorn server: protocols with limits, graceful shutdown, worker processes."""
