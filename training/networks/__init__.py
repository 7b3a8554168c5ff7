"""The networks, and what fits and stores them."""
