"""`amends probe`: asks for the health of a server by gRPC, for the health checks of containers."""

from typing import Annotated

import typer
from amends_client import Client, ClientOptions
from grpc_health.v1 import health_pb2

from amends_cli.connection import connected
from amends_cli.failures import CALL_FAILED


@connected
def probe(
    service: Annotated[
        str,
        typer.Argument(help="`liveness`, the full name of a service, or nothing for the whole server."),
    ] = "",
    *,
    options: ClientOptions,
) -> None:
    """Ask a server whether it serves: exit 0 if so, 1 if not."""
    with Client(options) as client:
        status = client.health(service).status
    typer.echo(health_pb2.HealthCheckResponse.ServingStatus.Name(status))
    if status != health_pb2.HealthCheckResponse.SERVING:
        raise typer.Exit(CALL_FAILED)
