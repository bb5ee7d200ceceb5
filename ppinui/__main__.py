"""``python -m ppinui`` is the same as ``ppinui``."""

from ppinui.cli.main import entry_point

if __name__ == "__main__":
    entry_point()
