"""What can be done: use cases, each within one transaction that holds state, timeline and effects."""
