"""How urgent a call is: by its method, or less where the caller says so."""

from typing import Any

from amends_server.encoding import Priority
from amends_server.errors import invalid
from amends_server.identity.visit import current_visit
from amends_server.metadata import metadata_of

PRIORITY_KEY = "x-amends-priority"
_ASKABLE = {priority.name.lower(): priority for priority in Priority if priority is not Priority.SHADOW}


def priority_of(context: Any, highest: Priority) -> Priority:
    """The class of a call: `highest`, which is its method's, or a later one of the tenant's or the call's metadata.

    A caller can only step back, never push forward: nobody need be trusted.

    Raises:
        CallError: the metadata names no class.
    """
    highest = max(highest, Priority[current_visit().tenant.terms.highest_priority.upper()])
    given = metadata_of(context).get(PRIORITY_KEY)
    if given is None:
        return highest
    try:
        return max(highest, _ASKABLE[str(given).lower()])
    except KeyError:
        known = ", ".join(_ASKABLE)
        raise invalid(
            [(PRIORITY_KEY, f"must be one of {known}: leave the metadata key out for the method's own")]
        ) from None
