"""Sentences of a postmortem, held against the timeline: what states a time, a length, a person or an order."""
