"""Errors that PyGithub raises for an answer that is not GitHub's: a login page, nothing, or incomplete JSON."""

from github import BadAttributeException, IncompletableObject

NOT_UNDERSTOOD = (
    BadAttributeException,
    IncompletableObject,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Catch these before GithubException: IncompletableObject is a subclass of it, but GitHub refused nothing."""
