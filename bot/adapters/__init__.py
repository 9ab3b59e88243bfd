"""Adapters: one package for each outside system. Only that package imports the vendor's library."""
