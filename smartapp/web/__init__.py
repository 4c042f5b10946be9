"""The app's pages: blueprints at the edge, presenters that turn results into words. No rule lives here."""
