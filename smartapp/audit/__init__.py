"""Who saw, did or sent what: an append-only chained trail, and logs that hold no patient data."""
