"""Slack: inbound requests and events, and the Chat port over the Web API and Socket Mode."""
