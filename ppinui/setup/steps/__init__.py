"""Steps of walkthroughs, one subject a module, shared by the kinds."""
