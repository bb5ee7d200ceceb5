"""Dialogs: a question, a form or a secret over the screen below."""
