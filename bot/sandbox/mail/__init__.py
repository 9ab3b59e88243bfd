"""A stand-in for a mail server: it takes mail by SMTP, and shows it."""
