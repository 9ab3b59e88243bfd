"""People's Home tabs in Slack."""
