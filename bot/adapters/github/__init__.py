"""GitHub: the only package that imports PyGithub."""
