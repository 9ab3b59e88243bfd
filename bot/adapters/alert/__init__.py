"""Readers of the webhooks of monitoring tools."""
