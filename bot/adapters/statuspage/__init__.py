"""Atlassian Statuspage: a page that customers follow, hosted by somebody else."""
