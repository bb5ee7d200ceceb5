"""Widgets that know nothing of the app that they are in."""
