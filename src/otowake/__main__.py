"""``python -m otowake``."""

from otowake.cli import entry

if __name__ == "__main__":
    entry()
