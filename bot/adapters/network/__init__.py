"""Shared by all clients: clocks, timestamps, and short reasons for network errors."""
