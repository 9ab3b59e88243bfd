"""Stories that play themselves on the page, and the scripts they are."""
