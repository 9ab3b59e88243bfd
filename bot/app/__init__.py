"""Build and run the bot from its settings: the only package that knows every adapter. One file per `spy` command."""
