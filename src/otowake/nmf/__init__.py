"""Non-negative matrix factorisation, V ≈ W·H, as pure functions of arrays in JAX."""

from otowake.nmf.factorize import factorize
from otowake.nmf.live import Activator

__all__ = ["Activator", "factorize"]
