"""Postmortems and follow-ups."""
