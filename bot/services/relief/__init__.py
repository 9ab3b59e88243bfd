"""Relief for people who led for long."""
