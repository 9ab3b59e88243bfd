"""What programs read of Spy: through the API, and in webhooks."""
