"""Secrets: their type, and how they reach a child process without touching a disk."""
