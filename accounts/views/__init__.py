"""The account pages, under /accounts/."""
