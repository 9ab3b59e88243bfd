"""What may change while Spy runs: config.yaml, plugins, templates. A change is tried, then taken or refused whole."""
