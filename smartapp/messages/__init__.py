"""Outreach: what a text reveals, the templates it is made from, and the channel that may carry it."""
