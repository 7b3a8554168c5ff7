"""Teaching otowake's listener: the clips it learns from, the network, and its training. Not part of the package."""
