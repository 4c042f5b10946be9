"""A patient's facts: coded events with three-state times, normalised once from FHIR R4 JSON."""
