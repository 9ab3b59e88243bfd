"""A stand-in for Slack: its Web API, Socket Mode, events, and what people do."""
