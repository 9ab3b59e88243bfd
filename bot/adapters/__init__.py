"""Adapters: one package for each outside system. Each implements ports and imports its vendor library alone."""
