"""The service: gRPC edge, encoding queue, observability around the scorer of `amends_core`."""
