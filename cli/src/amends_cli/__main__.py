"""Lets `python -m amends_cli` do what `amends` does."""

from amends_cli.app import main

main()
