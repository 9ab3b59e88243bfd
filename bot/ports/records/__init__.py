"""What a session keeps, as protocols: one file for each feature."""
