"""The one grammar of what people type: usage lines, words, and how they match."""
