"""PlaybookService: the playbooks that are loaded."""

from typing import Any

from amends.v1 import playbook_service_pb2, playbook_service_pb2_grpc
from amends_core.playbooks import PlaybookLibrary

from amends_server.convert import playbook_to
from amends_server.validation import validate


class PlaybookServicer(playbook_service_pb2_grpc.PlaybookServiceServicer):
    """Reads playbooks; their messages are made once."""

    def __init__(self, library: PlaybookLibrary) -> None:
        self._library = library
        self._listed = playbook_service_pb2.ListPlaybooksResponse(
            playbooks=[playbook_to(playbook, with_exemplars=False) for playbook in library]
        )

    async def ListPlaybooks(  # noqa: N802  gRPC's name
        self, request: playbook_service_pb2.ListPlaybooksRequest, context: Any
    ) -> playbook_service_pb2.ListPlaybooksResponse:
        """Lists the playbooks, without exemplars."""
        return self._listed

    async def GetPlaybook(  # noqa: N802  gRPC's name
        self, request: playbook_service_pb2.GetPlaybookRequest, context: Any
    ) -> playbook_service_pb2.GetPlaybookResponse:
        """Gives one playbook whole."""
        validate(request)
        playbook = self._library.get(request.name)
        return playbook_service_pb2.GetPlaybookResponse(playbook=playbook_to(playbook, with_exemplars=True))
