"""The measurements, one a file. A new suite is a new file with a `SUITE`."""
