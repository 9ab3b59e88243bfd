"""The plugin kit: how a person's words become a command, and a command's result an answer."""
