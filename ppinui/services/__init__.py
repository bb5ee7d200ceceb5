"""What joins configuration, secrets and connection tests."""
