"""A stand-in for GitHub: issues, files, pull requests and workflows of one organisation."""
