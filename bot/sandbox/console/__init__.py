"""The box's terminal chat, and the language of its scripts."""
