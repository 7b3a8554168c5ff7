"""Training examples made from pieces and sounds."""
