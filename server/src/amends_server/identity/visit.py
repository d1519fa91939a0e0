"""The call in hand: who makes it, on which terms, and what it has asked so far. Each call has a task of its own."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from amends_server.identity.caller import ANONYMOUS, Caller
from amends_server.identity.quotas import OverQuota, Quota, Unit
from amends_server.identity.tenants import Tenant


@dataclass(slots=True)
class Visit:
    """One call. Counts numbers and names, never text."""

    caller: Caller
    tenant: Tenant
    quota: Quota
    """Shared by all calls of the tenant."""
    refused: Callable[[str, Unit], None] = lambda tenant, unit: None
    """Hears of each refusal by the quota."""
    turns: int = 0
    sentences: int = 0
    playbooks: set[str] = field(default_factory=set)
    """Names of those that were used; a name that is not loaded never gets here."""
    candidate: str = ""
    """Name of the second model, which is on trial, where it answered."""

    def read(self, *, turns: int, sentences: int, playbook: str) -> None:
        """Counts what is to be read, and takes it from the quota.

        Raises:
            OverQuota: the tenant may not ask so much now.
        """
        self._charge("sentences", sentences)
        self.turns += turns
        self.sentences += sentences
        self.playbooks.add(playbook)

    def call(self) -> None:
        """Takes one call, or one event of a live conversation, from the quota.

        Raises:
            OverQuota: the tenant may not call now.
        """
        self._charge("calls", 1)

    def _charge(self, unit: Unit, amount: int) -> None:
        try:
            self.quota.charge(unit, amount, time.monotonic())
        except OverQuota:
            self.refused(self.tenant.name, unit)
            raise


_visit: ContextVar[Visit] = ContextVar("visit")


def current_visit() -> Visit:
    """The call in hand; anonymous and without bounds outside one."""
    visit = _visit.get(None)
    return visit or Visit(ANONYMOUS, Tenant(ANONYMOUS.tenant), Quota())


def begin(visit: Visit) -> None:
    """Makes it the call of the task at hand, and of the tasks that it starts; it ends with the task."""
    _visit.set(visit)
