"""Connection tests of every slot on every HSM."""
