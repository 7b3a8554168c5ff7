"""Training of the weights in ``src/otowake/data``; no part of the installed package."""
