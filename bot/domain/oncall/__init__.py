"""On call: shifts, cover, load."""
