"""Controllers: what the screens ask, away from the thread of the screen."""
