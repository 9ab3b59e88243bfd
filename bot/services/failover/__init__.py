"""Failovers."""
