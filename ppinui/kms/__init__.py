"""kms.toml: how a KMS reaches its HSMs, read, checked, tested and written."""
