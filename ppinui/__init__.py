"""ppinui: the admin console for the Primus PKCS#11 provider."""

__version__ = "0.1.0"
