"""For the tests of those who call Amends: a server that gives prepared answers, and the real one as a process."""

from amends_client.testing.fake_server import Answer, Failure, FakeServer, ReceivedCall, Silence
from amends_client.testing.server_process import ServerFailed, ServerProcess, free_port, server_environment

__all__ = [
    "Answer",
    "Failure",
    "FakeServer",
    "ReceivedCall",
    "ServerFailed",
    "ServerProcess",
    "Silence",
    "free_port",
    "server_environment",
]
