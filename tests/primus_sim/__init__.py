"""The stand-in for a Primus HSM, its PKCS#11 provider library and `ppin`: test equipment, never installed."""
