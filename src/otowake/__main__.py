"""``python -m otowake``."""

from otowake.cli import main

main()
