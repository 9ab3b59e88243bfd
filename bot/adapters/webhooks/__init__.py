"""Calls of webhooks."""
