"""The command families: one file each, as short as its list of commands."""
