"""The vendor's side: PKCS#11 modules, their processes, logs and error codes."""
