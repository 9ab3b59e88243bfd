"""Run failover steps: programs, HTTP calls and workflows, with their output and variables."""
