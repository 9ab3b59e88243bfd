"""A person's Home tab in Slack."""
