"""What runs beside requests: outbox, timers, syncs from outside, and failovers. One loop in each file."""
