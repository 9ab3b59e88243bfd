"""PagerDuty: the only package that knows the vendor's library, pdpyras."""
