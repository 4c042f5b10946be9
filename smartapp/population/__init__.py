"""The coded events of many patients: read from files, kept encrypted, computed by SQL."""
