"""Build the bot from its settings: the only package that knows every adapter. One file a command of the shell."""
