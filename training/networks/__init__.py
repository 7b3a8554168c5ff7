"""The networks in PyTorch, the training loop, checkpoints and the export of weights."""
