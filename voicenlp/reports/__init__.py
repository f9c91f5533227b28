"""Showing: what a run holds, for people to read."""
