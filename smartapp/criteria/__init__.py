"""The criteria language and what is derived from it: evaluators, data requirements, words, JSON."""
