"""The webhook for changes that any tool can send."""
