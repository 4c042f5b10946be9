"""What many published measures share: statuses, windows, visits and the common exclusions, each written once."""
