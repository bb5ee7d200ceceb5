"""Setting up: steps that touch configuration, secrets and connections together, without a user interface."""
