"""``ppinui kms``, and ``ppinui --test`` of a kms.toml."""
