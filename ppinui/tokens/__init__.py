"""Any PKCS#11 module's slots, tokens, PINs and objects, without a user interface."""
