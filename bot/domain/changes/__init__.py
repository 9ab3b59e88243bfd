"""Changes and deploy locks."""
