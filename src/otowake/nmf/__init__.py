"""Non-negative matrix factorisation: V ≈ W·H. Pure functions of arrays, in JAX."""

from otowake.nmf.factorize import factorize

__all__ = ["factorize"]
