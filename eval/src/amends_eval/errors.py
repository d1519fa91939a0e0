"""What can go wrong in an evaluation, by kind; the command line turns each into one line and an exit code."""


class EvalError(Exception):
    """The root: a message that says what is wrong and what to do, never the text of an item."""


class DatasetError(EvalError):
    """A dataset that is missing, damaged or breaks its schema."""


class TargetError(EvalError):
    """A bundle or a service that cannot be asked."""


class RecordError(EvalError):
    """A record that cannot be read, or does not belong to what it is used with."""
