"""Flows: what a key leads to, dialog after dialog."""
