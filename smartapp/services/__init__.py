"""Use cases: what a user does, from the launch to the result. They know ports and rules, never the web."""
