"""``ppinui secret`` and ``ppinui vault``."""
