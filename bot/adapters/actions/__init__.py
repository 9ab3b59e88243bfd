"""What failover steps run: programs, HTTP calls and workflows, with their output and variables."""
