"""Tables, migrations and encryption: what the app keeps, and how it keeps it unreadable."""
