"""One module and command for each network: data, network, loss and validation."""
