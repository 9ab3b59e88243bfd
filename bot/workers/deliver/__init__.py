"""What each effect does outside: how it is tried, found again, and given up."""
