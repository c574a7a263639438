"""The second factor of a sign-in: codes of authenticator apps, recovery codes, passkeys."""
