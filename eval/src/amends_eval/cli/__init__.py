"""The commands of `amends eval`, one a file. `amends_cli` hands them what follows `eval`."""
