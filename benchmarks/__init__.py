"""What the service can bear: load, overload, soak, growth, and peers beside it. Sees the service from outside only."""
