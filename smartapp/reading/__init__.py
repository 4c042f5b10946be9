"""Reading one patient's chart from an EHR: what to ask, asking it safely, and how much of it was answered."""
