"""Tenants: a folder each, with its terms and what it taught. Nothing of one is visible to another."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from amends_server.identity.caller import DEFAULT_TENANT, IdentityError
from amends_server.identity.documents import read_content, read_document
from amends_server.identity.quotas import Quota, TokenBucket

MAX_TENANTS = 1000
"""Each has buckets and, with playbooks or exemplars of its own, some 3 MB."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_BURST_S = 2.0
"""A bucket's burst where none is given, in seconds of its rate."""
_TERMS, _PLAYBOOKS, _EXEMPLARS = "tenant.yaml", "playbooks", "exemplars.yaml"
_STEPS, _SHADOW_STEPS = "steps", "shadow_steps"

Rate = Annotated[float, Field(gt=0, le=1e6)]


class Terms(BaseModel):
    """`tenant.yaml`: on which terms a tenant's callers are served. What is left out has no bound of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls_per_s: Rate | None = None
    """Calls and events of live conversations a second, over all callers of the tenant on this replica."""
    calls_burst: Annotated[float, Field(ge=1, le=1e7)] | None = None
    """Calls that may come at once; two seconds' worth where left out."""
    sentences_per_s: Rate | None = None
    sentences_burst: Annotated[float, Field(ge=1, le=1e7)] | None = None
    highest_priority: Literal["live", "interactive", "bulk"] = "live"
    """Calls of a higher class are served in this one."""
    live_conversations: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """Most that are open at once, beside the bound of the whole service."""
    certificates: tuple[Annotated[str, Field(min_length=1, max_length=512)], ...] = ()
    """Names of client certificates that stand for the tenant: a subject alternative name, or else the common name."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant, and where what it taught lies; None where it taught nothing of the kind."""

    name: str
    terms: Terms = Terms()
    playbooks: Path | None = None
    exemplars: Path | None = None
    steps: Path | None = None
    shadow_steps: Path | None = None
    """Steps that are fitted on a candidate, for its trial."""

    def make_quota(self) -> Quota:
        """Full buckets by its terms."""
        terms = self.terms
        return Quota(
            _bucket(terms.calls_per_s, terms.calls_burst), _bucket(terms.sentences_per_s, terms.sentences_burst)
        )


Tenants = Mapping[str, Tenant]


def load_tenants(folder: Path | None) -> Tenants:
    """The tenants by name: one for each subfolder, or the default one alone where there is no folder.

    Raises:
        IdentityError: a name, a `tenant.yaml` or the number of tenants is out of bounds, or one certificate is of two.
    """
    if folder is None:
        return {DEFAULT_TENANT: Tenant(DEFAULT_TENANT)}
    # Kubernetes mounts keep their own folders, whose names begin with two dots.
    folders = sorted(path for path in _entries(folder) if path.is_dir() and not path.name.startswith("."))
    if not 1 <= len(folders) <= MAX_TENANTS:
        raise IdentityError(f"--tenant-dir {folder} holds {len(folders)} folders; give 1 to {MAX_TENANTS} tenants")
    tenants = {path.name: _read(path) for path in folders}
    tenants_by_certificate(tenants)
    return tenants


def tenants_by_certificate(tenants: Tenants) -> Mapping[str, str]:
    """Tenants by the names of client certificates that stand for them.

    Raises:
        IdentityError: a name is given to two tenants.
    """
    owners: dict[str, str] = {}
    for tenant in tenants.values():
        for name in tenant.terms.certificates:
            if owners.setdefault(name, tenant.name) != tenant.name:
                raise IdentityError(
                    f"the certificate {name!r} is given to the tenants {owners[name]} and {tenant.name}; keep one"
                )
    return owners


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError as error:
        raise IdentityError(f"cannot read --tenant-dir {folder}: {error.strerror}; give a readable folder") from None


def _read(folder: Path) -> Tenant:
    if not _NAME.fullmatch(folder.name):
        raise IdentityError(
            f"{folder} names no tenant: a name is 1 to 63 lower-case letters, digits, - and _; rename the folder"
        )
    terms = folder / _TERMS
    return Tenant(
        folder.name,
        read_document(Terms, terms, read_content(terms)) if terms.exists() else Terms(),
        _given(folder / _PLAYBOOKS),
        _given(folder / _EXEMPLARS),
        _given(folder / _STEPS),
        _given(folder / _SHADOW_STEPS),
    )


def _given(path: Path) -> Path | None:
    return path if path.exists() else None


def _bucket(rate: float | None, burst: float | None) -> TokenBucket | None:
    return TokenBucket(rate, burst or max(1.0, _BURST_S * rate)) if rate else None
