"""Our own kernels, written to be read."""
