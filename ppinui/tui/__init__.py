"""The Textual app: edits a configuration, tests it and keeps its secrets, all on one screen."""
