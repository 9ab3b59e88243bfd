"""The dashboard in a real browser. One box, one bot and one Chromium for all files of this folder."""
