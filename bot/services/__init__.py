"""What can be done: use cases. Each runs in one transaction that holds state, timeline and effects."""
