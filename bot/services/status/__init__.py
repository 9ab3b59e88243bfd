"""Public status: what customers are told of each component."""
