"""What runs beside requests: the outbox, timers, syncs from outside, and failovers; one loop a file."""
