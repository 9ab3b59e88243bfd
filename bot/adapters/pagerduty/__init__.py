"""PagerDuty: the only package that imports pdpyras."""
