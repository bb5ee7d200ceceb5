"""A look at everything that ppinui and the applications depend on, as findings, without a user interface."""
