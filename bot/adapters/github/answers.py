"""What PyGithub raises at an answer that is not GitHub's: a login page, nothing, or JSON without what was promised."""

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
"""Catch these before GithubException: an IncompletableObject is one, though GitHub refused nothing."""
