"""The rules that a primus.cfg is checked by, one module for each subject."""
