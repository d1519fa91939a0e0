"""Who is asked: a bundle in this process, or a service over the wire. Both give the same answers."""

from amends_eval.targets.target import Identity, Target, open_target

__all__ = ["Identity", "Target", "open_target"]
