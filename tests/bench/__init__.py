"""What Spy costs, beside the least that could do the same: `make bench`."""
