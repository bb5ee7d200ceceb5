"""``ppinui slots``, ``token``, ``pin`` and ``objects``."""
