"""Stories for the page: their scripts, and the player."""
