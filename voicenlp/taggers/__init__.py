"""Taggers: whatever turns a note into spans."""
