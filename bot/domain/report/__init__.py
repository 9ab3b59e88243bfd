"""Reports: a team's month in counts and times."""
