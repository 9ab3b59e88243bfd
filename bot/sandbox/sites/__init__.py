"""Two sites and the switch between them, for failovers."""
