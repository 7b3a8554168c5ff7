"""One command for each network."""
