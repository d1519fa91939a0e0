"""The door: every call but those to health comes through it, and none gets in unknown."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from grpc_health.v1 import health_pb2

from amends_server.identity.authentication import Proofs, identify
from amends_server.identity.caller import Caller, NotAllowed, NotKnown, Refusal
from amends_server.identity.tenants import Tenants
from amends_server.identity.visit import Visit
from amends_server.metadata import metadata_of
from amends_server.metrics import Metrics

OPEN = frozenset({health_pb2.DESCRIPTOR.services_by_name["Health"].full_name})
"""Services that anyone may call: probes and balancers have no tokens, and learn nothing but that it serves."""


class Gate:
    """Lets calls in. Belongs to the event loop."""

    def __init__(self, tenants: Tenants, proofs: Callable[[], Proofs], metrics: Metrics) -> None:
        """`proofs` gives what is accepted at the moment: files may have changed."""
        self._tenants = tenants
        self._quotas = {name: tenant.make_quota() for name, tenant in tenants.items()}
        self._proofs = proofs
        self._metrics = metrics

    def enter(self, context: Any) -> Visit:
        """Tells who makes a call.

        Raises:
            NotKnown: nobody could tell who calls.
            NotAllowed: the caller is known and may not call.
        """
        try:
            caller = identify(self._proofs(), _authorization(context), _names(context), lambda: datetime.now(UTC))
            return self._visit(caller)
        except (NotKnown, NotAllowed) as error:
            self._metrics.auth_failures.labels(error.reason).inc()
            raise

    def _visit(self, caller: Caller) -> Visit:
        tenant = self._tenants.get(caller.tenant)
        if tenant is None:
            raise NotAllowed(
                Refusal.UNKNOWN_TENANT,
                "the caller's tenant is not served here: have a folder made for it in --tenant-dir",
            )
        return Visit(caller, tenant, self._quotas[tenant.name], self._refused)

    def _refused(self, tenant: str, unit: str) -> None:
        self._metrics.quota_refused.labels(tenant, unit).inc()


def _authorization(context: Any) -> str | None:
    given = metadata_of(context).get("authorization")
    return given if isinstance(given, str) else None


def _names(context: Any) -> Sequence[str]:
    """Names of the client's verified certificate: where there are alternative ones, the common one does not count.

    Source: RFC 9525, 2 (the common name is no identity of a service).
    """
    shown = context.auth_context()
    found = shown.get("x509_subject_alternative_name") or shown.get("x509_common_name") or ()
    return [name.decode("utf-8", "replace") for name in found]
