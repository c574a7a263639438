"""Sign-in with an account at GitHub, Google or WeChat: OAuth 2 in the browser."""
