"""``ppinui setup``."""
