"""The command line: a registry of commands, a folder for each group of them, and what they share."""
