"""PlaybookService: the playbooks that are loaded."""

from typing import Any

from amends.v1 import playbook_service_pb2, playbook_service_pb2_grpc

from amends_server.convert import playbook_to
from amends_server.playbooks import Shelves
from amends_server.validation import validate


class PlaybookServicer(playbook_service_pb2_grpc.PlaybookServiceServicer):
    """Reads the playbooks on the shelf."""

    def __init__(self, shelf: Shelves) -> None:
        self._shelf = shelf

    async def ListPlaybooks(  # noqa: N802  gRPC's name
        self, request: playbook_service_pb2.ListPlaybooksRequest, context: Any
    ) -> playbook_service_pb2.ListPlaybooksResponse:
        """Lists the playbooks, without exemplars."""
        return playbook_service_pb2.ListPlaybooksResponse(
            playbooks=[playbook_to(playbook, with_exemplars=False) for playbook in self._shelf.current.library]
        )

    async def GetPlaybook(  # noqa: N802  gRPC's name
        self, request: playbook_service_pb2.GetPlaybookRequest, context: Any
    ) -> playbook_service_pb2.GetPlaybookResponse:
        """Gives one playbook whole."""
        validate(request)
        playbook = self._shelf.current.library.get(request.name)
        return playbook_service_pb2.GetPlaybookResponse(playbook=playbook_to(playbook, with_exemplars=True))
