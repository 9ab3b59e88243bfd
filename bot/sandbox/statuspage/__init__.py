"""A stand-in for Atlassian Statuspage."""
