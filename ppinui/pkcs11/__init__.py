"""PKCS#11: python-pkcs11, raw calls for what it lacks, return codes, and operations that run in a worker."""
