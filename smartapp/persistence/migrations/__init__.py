"""The steps from any earlier database to this one. A step is never edited once it was released."""
