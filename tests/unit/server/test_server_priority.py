"""How urgent a call is: its method's class, or a later one that its caller names."""

from types import SimpleNamespace
from typing import Any

import pytest
from amends_server.encoding import Priority
from amends_server.errors import CallError
from amends_server.services.priority import PRIORITY_KEY, priority_of


def _context(*values: str) -> Any:
    pairs = tuple((PRIORITY_KEY, value) for value in values)
    return SimpleNamespace(invocation_metadata=lambda: (("x-request-id", "a"), *pairs))


@pytest.mark.parametrize("highest", Priority)
def test_a_method_has_its_class(highest: Priority) -> None:
    assert priority_of(_context(), highest) is highest
    assert priority_of(SimpleNamespace(invocation_metadata=lambda: None), highest) is highest


@pytest.mark.parametrize("asked", [Priority.LIVE, Priority.INTERACTIVE, Priority.BULK])
@pytest.mark.parametrize("highest", Priority)
def test_a_caller_may_step_back_and_never_forward(asked: Priority, highest: Priority) -> None:
    assert priority_of(_context(asked.name.lower()), highest) is max(asked, highest)


@pytest.mark.parametrize("asked", ["urgent", "", "0", "live ", "shadow"])
def test_an_unknown_class_is_refused_and_the_known_are_named(asked: str) -> None:
    with pytest.raises(CallError, match="x-amends-priority: must be one of live, interactive, bulk") as caught:
        priority_of(_context(asked), Priority.BULK)
    assert caught.value.code.name == "INVALID_ARGUMENT"
