"""The file of bearer tokens: checksums, whose they are and until when."""

from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from amends_server.identity.caller import DEFAULT_TENANT, IdentityError
from amends_server.identity.documents import read_document
from amends_server.identity.tenants import Tenants
from amends_server.identity.tokens import Entry, TokenStore

_MAX_TOKENS = 10_000


class _Token(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tenant: str = DEFAULT_TENANT
    subject: Annotated[str, Field(min_length=1, max_length=200)]
    expires: datetime | None = None

    def entry(self) -> Entry:
        ends = self.expires
        return Entry(self.id, self.sha256, self.tenant, self.subject, ends if ends is None else _zoned(ends))


class _TokenFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tokens: Annotated[list[_Token], Field(max_length=_MAX_TOKENS)]


def parse_tokens(path: Path, content: bytes, tenants: Tenants) -> TokenStore:
    """Reads the tokens that `amends token` writes.

    Raises:
        IdentityError: the file breaks a rule, an id comes twice, or a tenant is none of those given.
    """
    tokens = read_document(_TokenFile, path, content).tokens
    for token in tokens:
        if token.tenant not in tenants:
            raise IdentityError(
                f"{path}: the token {token.id} is of the tenant {token.tenant!r}, which has no folder in --tenant-dir"
            )
    try:
        return TokenStore(token.entry() for token in tokens)
    except IdentityError as error:
        raise IdentityError(f"{path}: {error}") from None


def with_entry(path: Path, content: bytes, entry: Entry) -> bytes:
    """The content of a token file with one more entry at its end; what stood there stays as it was.

    Raises:
        IdentityError: the file, or the entry, would not be read.
    """
    before = content if content.strip() else b"tokens:\n"
    fields = {"id": entry.id, "sha256": entry.sha256, "tenant": entry.tenant, "subject": entry.subject}
    if entry.expires is not None:
        fields["expires"] = entry.expires.isoformat()
    block = yaml.safe_dump([fields], sort_keys=False, width=1000)
    after = before.rstrip() + b"\n" + indent(block, "  ").encode()
    if read_document(_TokenFile, path, after).tokens[-1].id != entry.id:
        raise IdentityError(f"{path}: `tokens` must come last in the file; move it to the end")
    return after


def _zoned(moment: datetime) -> datetime:
    """A date or time without a zone is meant in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
