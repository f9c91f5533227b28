"""Engines: where a tagging task runs, and what is kept of it."""
