"""Reports: a team's month, for a person or for a channel."""
