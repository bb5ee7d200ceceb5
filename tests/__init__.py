"""The tests of ppinui; a package so that test equipment is imported as `tests.rig`."""
