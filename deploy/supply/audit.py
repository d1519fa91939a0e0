"""Looks what ships up in a folder of advisories, without a network: `make audit DB=folder`.

The folder holds advisories of the OSV schema, a file each, as JSON or YAML, in whatever subfolders: the export of
https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip, or a checkout of github.com/pypa/advisory-database.
Fetch it where there is a network, and carry it in. Exit 0 where nothing is known against what ships, 1 where something
is, 2 where it cannot be told.

Source: OSV schema 1.7, evaluation of `affected`; versions are ordered by PEP 440.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
Advisory = Mapping[str, Any]


class Unusable(ValueError):
    """A folder or a file that cannot be relied upon; the message names it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One advisory against one pinned package."""

    package: str
    version: str
    advisory: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]
    summary: str

    def __str__(self) -> str:
        """One line, with the remedy."""
        also = f" ({', '.join(self.aliases)})" if self.aliases else ""
        cure = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fixed version is known"
        return f"{self.package} {self.version}: {self.advisory}{also}: {self.summary}; {cure}"


def pins(lock: Path) -> dict[str, str]:
    """Version by normalised name of all that a lock file pins.

    Raises:
        Unusable: it pins nothing.
    """
    found = {canonicalize_name(name): version for name, version in _PIN.findall(lock.read_text(encoding="utf-8"))}
    if not found:
        raise Unusable(f"{lock} pins nothing")
    return found


def read_advisories(folder: Path) -> Iterator[Advisory]:
    """Every advisory of a folder; those that were withdrawn are left out.

    Raises:
        Unusable: the folder holds none, or a file is no advisory.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in {".json", ".yaml", ".yml"}]
    if not files:
        raise Unusable(f"{folder} holds no *.json and no *.yaml; point DB at a folder of OSV advisories")
    for path in files:
        advisory = _parse(path)
        if "withdrawn" not in advisory:
            yield advisory


def search(pinned: Mapping[str, str], advisories: Iterable[Advisory]) -> list[Finding]:
    """The advisories that concern a pinned version, by package and id."""
    found = (finding for advisory in advisories for finding in _findings(pinned, advisory))
    return sorted(set(found), key=lambda finding: (finding.package, finding.advisory))


def is_affected(version: Version, affected: Mapping[str, Any]) -> bool:
    """Whether an entry of `affected` covers a version: it is listed, or lies in a range."""
    if any(_same(version, listed) for listed in affected.get("versions", ())):
        return True
    ranges = (each for each in affected.get("ranges", ()) if each["type"] in {"ECOSYSTEM", "SEMVER"})
    return any(_lies_in(version, each["events"]) for each in ranges)


def _findings(pinned: Mapping[str, str], advisory: Advisory) -> Iterator[Finding]:
    for affected in advisory.get("affected", ()):
        package = affected.get("package", {})
        name = canonicalize_name(package.get("name", ""))
        if package.get("ecosystem", "").partition(":")[0] != "PyPI" or name not in pinned:
            continue
        if is_affected(Version(pinned[name]), affected):
            yield Finding(
                name,
                pinned[name],
                advisory["id"],
                tuple(sorted(advisory.get("aliases", ()))),
                tuple(sorted(set(_fixes(affected)))),
                _cut(advisory.get("summary") or advisory.get("details") or "no summary"),
            )


def _lies_in(version: Version, events: Sequence[Mapping[str, str]]) -> bool:
    """Whether a version is affected once all events up to it have happened."""
    affected = False
    for event in sorted(events, key=_moment):
        ((kind, at),) = event.items()
        if kind == "introduced" and (at == "0" or version >= Version(at)):
            affected = True
        elif (kind == "fixed" and version >= Version(at)) or (kind == "last_affected" and version > Version(at)):
            affected = False
    return affected


def _moment(event: Mapping[str, str]) -> tuple[Version, bool]:
    ((kind, at),) = event.items()
    # Epoch 0, development release 0 is before all others: "0" means since ever.
    return (Version("0.dev0") if at == "0" else Version(at), kind != "introduced")


def _same(version: Version, listed: str) -> bool:
    try:
        return version == Version(listed)
    except InvalidVersion:  # legacy versions stand in old advisories; nothing that is pinned here has one
        return False


def _fixes(affected: Mapping[str, Any]) -> Iterator[str]:
    for each in affected.get("ranges", ()):
        if each["type"] != "GIT":
            yield from (event["fixed"] for event in each["events"] if "fixed" in event)


def _parse(path: Path) -> Advisory:
    try:
        text = path.read_text(encoding="utf-8")
        advisory = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Unusable(f"{path} cannot be read: {_cut(str(error))}") from error
    if not isinstance(advisory, dict) or "id" not in advisory:
        raise Unusable(f"{path} is no OSV advisory: it has no id")
    return advisory


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:159]}…"


def main(args: Sequence[str] | None = None) -> int:
    """Prints what is known against the pinned packages; gives the exit status."""
    parser = argparse.ArgumentParser(prog="audit", description="Look pinned packages up in a folder of OSV advisories.")
    parser.add_argument("--db", type=Path, required=True, help="folder of OSV advisories")
    parser.add_argument("locks", type=Path, nargs="+", help="lock files")
    given = parser.parse_args(args)
    try:
        advisories = list(read_advisories(given.db))
        newest = max((str(advisory.get("modified", "")) for advisory in advisories), default="")
        findings = {lock: search(pins(lock), advisories) for lock in given.locks}
    except (OSError, Unusable, InvalidVersion, KeyError, TypeError, ValueError) as error:
        print(f"audit: {error!s}" if isinstance(error, Unusable | OSError) else f"audit: {error!r}", file=sys.stderr)
        return 2
    print(f"{len(advisories)} advisories, the newest of {newest[:10] or 'an unknown day'}")
    for lock, found in findings.items():
        print(f"{lock}: {len(found)} of them concern its {len(pins(lock))} packages")
        for finding in found:
            print(f"  {finding}")
    return 1 if any(findings.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
