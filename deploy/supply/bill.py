"""Completes the bill of materials by what pip does not know, and holds every licence in it to licences.yaml.

`make sbom` makes the bill of a fresh environment that is installed as the image's is, and has this program add the
embedded model, check the licences, and write the report. Exit 0 where all may ship, 1 where something may not. The
base image is not in the bill: take that of whoever you have it from.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

POLICY = Path(__file__).with_name("licences.yaml")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that ships, and under what."""

    name: str
    version: str
    licence: str
    why: str
    problem: str = ""
    """Why it may not ship, and the remedy; empty where it may."""


def entries_of(bill: Document, policy: Document, libraries: Sequence[str]) -> list[Entry]:
    """Every component of a bill, then every shared library, each with what the policy says of it."""
    return [
        *(_component(component, policy) for component in bill.get("components", ())),
        *(_library(name, policy) for name in libraries),
    ]


def stated(component: Document) -> list[str]:
    """The licences that a component states, as SPDX names, expressions or free words, each once."""
    found = []
    for each in component.get("licenses", ()):
        licence = each.get("license", {})
        found.append(each.get("expression") or licence.get("id") or licence.get("name") or "")
    return sorted(set(found))


def with_model(bill: dict[str, Any], manifest: Document, sha256: str) -> dict[str, Any]:
    """The bill with the embedded model in it."""
    model = {
        "type": "machine-learning-model",
        "bom-ref": f"model:{manifest['name']}@{manifest['version']}",
        "name": manifest["name"],
        "version": manifest["version"],
        "description": f"Fine-tuned from {manifest['base_model']}; the hash is that of its manifest.",
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "licenses": [{"license": {"id": manifest["licence"]}}],
    }
    return {**bill, "components": [*bill.get("components", ()), model]}


def report(entries: Sequence[Entry]) -> str:
    """The report for people, as Markdown."""
    lines = [
        "# Licences of what ships",
        "",
        "Made by `make sbom`. Why each may ship stands in `deploy/supply/licences.yaml`.",
        "",
        "| what | version | licence | why it may ship |",
        "| --- | --- | --- | --- |",
    ]
    for entry in sorted(entries, key=lambda entry: entry.name.lower()):
        lines.append(f"| {entry.name} | {entry.version} | {entry.licence} | {entry.problem or entry.why} |")
    return "\n".join(lines) + "\n"


def _component(component: Document, policy: Document) -> Entry:
    name, version, found = component["name"], component.get("version", ""), stated(component)
    own = policy["packages"].get(re.sub(r"[-_.]+", "-", name).lower())
    if own is not None:
        if sorted(own["states"]) == found:
            return Entry(name, version, own["licence"], own["why"])
        problem = f"states {found or 'nothing'}, and licences.yaml was written for {own['states']}: look again"
    elif not found:
        problem = "states no licence: read its files, and enter it under `packages` of licences.yaml, or leave it out"
    elif strange := [licence for licence in found if licence not in policy["allowed"]]:
        problem = f"{', '.join(strange)} is not allowed: leave the package out, or give the reason in licences.yaml"
    else:
        return Entry(name, version, ", ".join(found), policy["allowed"][found[0]])
    return Entry(name, version, ", ".join(found) or "unknown", "", problem)


def _library(file: str, policy: Document) -> Entry:
    for prefix, rule in policy["libraries"].items():
        if file.startswith(prefix):
            return Entry(prefix, "", rule["licence"], rule["why"])
    return Entry(file, "", "unknown", "", "a wheel brings it along: enter it under `libraries` of licences.yaml")


def _libraries(environment: Path) -> Iterator[str]:
    """Files of shared libraries beside the packages, where auditwheel puts them."""
    for file in sorted(environment.glob("lib/python*/site-packages/*.libs/*")):
        yield file.name


def main(args: Sequence[str] | None = None) -> int:
    """Completes the bill in its place, writes the report, prints the problems; gives the exit status."""
    parser = argparse.ArgumentParser(prog="bill", description="Complete a bill of materials and check its licences.")
    parser.add_argument("bill", type=Path, help="CycloneDX bill as JSON; the model is added to it")
    parser.add_argument("--environment", type=Path, required=True, help="virtual environment that it is the bill of")
    parser.add_argument("--model", type=Path, required=True, help="folder of the embedded bundle")
    parser.add_argument("--report", type=Path, required=True, help="Markdown file to write")
    given = parser.parse_args(args)
    raw = (given.model / "manifest.json").read_bytes()
    bill = with_model(
        json.loads(given.bill.read_text(encoding="utf-8")), json.loads(raw), hashlib.sha256(raw).hexdigest()
    )
    given.bill.write_text(json.dumps(bill, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    policy = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
    entries = entries_of(bill, policy, list(_libraries(given.environment)))
    given.report.write_text(report(entries), encoding="utf-8")
    bad = [entry for entry in entries if entry.problem]
    for entry in bad:
        print(f"{entry.name} {entry.version}: {entry.problem}", file=sys.stderr)
    print(f"{given.bill}: {len(entries)} entries, {len(bad)} of them may not ship; report in {given.report}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
