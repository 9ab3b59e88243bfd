"""Build the bot from its settings: the only room that knows every adapter. One file a command of the shell."""
