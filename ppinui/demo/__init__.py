"""A place to try everything without an HSM: software tokens, listeners, a primus.cfg."""
