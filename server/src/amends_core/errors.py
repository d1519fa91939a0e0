"""What can go wrong in the core, and why.

AmendsError
├── RequestError      the caller can mend it: `reason` and the `field` it concerns
│   └── UnknownPlaybook
├── BundleError       the model bundle is missing, damaged or of another format
├── PlaybookError     a playbook file breaks its schema
└── TeachingError     own exemplars or a custom step cannot be used
"""


class AmendsError(Exception):
    """The root of every error of the core. Messages never hold conversation text."""


class RequestError(AmendsError):
    """A request that cannot be judged.

    Args:
        message: what is wrong, the limit, and what to do.
        field: path of the field in the request, such as `turns[3].time`.
        reason: an upper-case word that programs may match.
    """

    def __init__(self, message: str, *, field: str, reason: str) -> None:
        super().__init__(message)
        self.field = field
        self.reason = reason


class UnknownPlaybook(RequestError):
    """A playbook name that is not loaded."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"no playbook is named {name!r}; loaded are {', '.join(known)}",
            field="playbook",
            reason="UNKNOWN_PLAYBOOK",
        )
        self.known = known


class BundleError(AmendsError):
    """A model bundle that cannot be trusted: the message names the file and the remedy."""


class PlaybookError(AmendsError):
    """A playbook that cannot be used: the message lists every problem with its place.

    Args:
        message: what is wrong, with what stands in the file, cut.
        places: the same problems without anything that stands in the file, fit for a log; left out where the
            message holds nothing of it.
    """

    def __init__(self, message: str, places: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.places = places or (message,)


class TeachingError(AmendsError):
    """Own exemplars or a custom step that cannot be used: the message names file, line where there is one, remedy."""
