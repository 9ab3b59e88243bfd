"""A stand-in for PagerDuty: its REST API, its webhooks, and the phones it rings."""
