"""Random compositions, and how they are performed and rendered."""
