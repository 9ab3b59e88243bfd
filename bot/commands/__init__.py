"""The plugin kit: turns a person's words into a command, and the command's result into an answer."""
