"""Spy: a Slack chatops bot that runs incidents and looks after the people who run them."""
