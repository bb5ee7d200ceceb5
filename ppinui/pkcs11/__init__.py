"""PKCS#11: calls on a module, return codes, structures and signatures."""
