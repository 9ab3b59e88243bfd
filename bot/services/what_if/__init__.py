"""What Spy would have said under other settings."""
