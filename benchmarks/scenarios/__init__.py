"""One module a scenario; each gives a `Report` from a duration and a scale."""
