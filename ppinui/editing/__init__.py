"""An editing session of one primus.cfg, without a user interface: edits, undo, journal, merging, tests."""
