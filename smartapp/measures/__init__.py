"""Published measures, one a file, and what a population, a gap and a status are."""
