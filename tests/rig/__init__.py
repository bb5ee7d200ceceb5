"""Test equipment made of real parts: tokens, listeners, an odd PKCS#11 module, terminals, processes."""
