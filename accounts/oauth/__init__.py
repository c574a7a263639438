"""Signing in by an account elsewhere (GitHub, Google, WeChat), by OAuth 2 in the browser."""
