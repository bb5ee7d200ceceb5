"""The pictures of the app in screenshots/: each a scene that is played, and written down as SVG."""
