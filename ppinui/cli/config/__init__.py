"""``ppinui config``."""
