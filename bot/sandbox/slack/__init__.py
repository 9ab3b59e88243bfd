"""The inside of the stand-in for Slack."""
