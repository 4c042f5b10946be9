"""Groups of patients: membership by criteria, with the reason. Pure."""
