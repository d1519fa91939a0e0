"""The command `amends`: the room where client, server and core come together, for people at a terminal.

It alone may know all: the server only inside `serve`, the core only inside `doctor`, the evaluation only inside `eval`.
"""
