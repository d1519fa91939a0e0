"""The image's recipe keeps its rules, and what it copies is enough to build the package. No engine builds it here."""

import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from deploy_files import DEPLOY, load_supply
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = DEPLOY.parent
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@dataclass(frozen=True)
class Instruction:
    word: str
    rest: str


@dataclass(frozen=True)
class Stage:
    base: str
    name: str
    instructions: list[Instruction]

    def all(self, word: str) -> list[str]:
        return [instruction.rest for instruction in self.instructions if instruction.word == word]


def _instructions() -> list[Instruction]:
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    text = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [Instruction(word, rest) for word, rest in pairs]


def _stages() -> list[Stage]:
    stages: list[Stage] = []
    for instruction in _instructions():
        if instruction.word == "FROM":
            base, _, name = instruction.rest.partition(" AS ")
            stages.append(Stage(base, name, []))
        elif stages:
            stages[-1].instructions.append(instruction)
    return stages


@pytest.fixture
def stages() -> list[Stage]:
    return _stages()


@pytest.fixture
def final() -> Stage:
    return _stages()[-1]


def _copied() -> list[str]:
    """Sources in the repository, of every stage."""
    copies = [copy for stage in _stages() for copy in stage.all("COPY") if not copy.startswith("--from=")]
    return [source for copy in copies for source in copy.split()[:-1]]


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), str(DOCKERFILE)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_base_is_named_by_a_digest_that_the_builder_gives(stages: list[Stage]) -> None:
    assert len(stages) == 2
    assert {stage.base for stage in stages} == {"docker.io/library/python:3.11-slim-bookworm@${PYTHON_DIGEST}"}
    assert _instructions()[0] == Instruction("ARG", "PYTHON_DIGEST"), "with no default: an unvetted base is not built"


def test_it_runs_as_nobody_in_particular(final: Stage) -> None:
    assert final.all("USER") == ["10001:10001"]
    words = [instruction.word for instruction in final.instructions]
    assert not {"RUN", "COPY", "ADD"} & set(words[words.index("USER") :]), "nothing is written as that user"
    assert final.all("COPY") == ["--from=build --chown=root:root /opt/amends /opt/amends"], (
        "its own code is not its own"
    )


def test_the_root_may_be_read_only(final: Stage) -> None:
    assert final.all("VOLUME") == []
    assert final.all("WORKDIR") == ["/tmp"]
    assert "PYTHONDONTWRITEBYTECODE=1" in final.all("ENV")[0]


def test_no_tool_that_builds_is_left(final: Stage) -> None:
    assert "pip uninstall --yes --quiet pip setuptools wheel" in final.all("RUN")[0]
    assert not re.search(r"apt|pip install|gcc|build-essential|curl|wget", " ".join(final.all("RUN")))


def test_what_is_installed_is_named_by_hash_and_never_compiled(stages: list[Stage]) -> None:
    steps = [step.strip() for stage in stages for run in stage.all("RUN") for step in run.split("&&")]
    installs = [step for step in steps if re.search(r"^pip .*install ", step) and "uninstall" not in step]
    assert len(installs) == 3
    for install in installs:
        hashed = "--require-hashes" in install and "--only-binary=:all:" in install
        assert hashed or install.endswith("install --no-deps /dist/*.whl"), install
    assert "requirements/train.txt" not in " ".join(steps), "only what the service needs"
    assert "requirements/test.txt" not in " ".join(steps)


def _wanted(extra: str) -> Iterator[Requirement]:
    """What an extra asks for, the extras within it resolved."""
    for line in PROJECT["optional-dependencies"][extra]:
        requirement = Requirement(line)
        if requirement.name != PROJECT["name"]:
            yield requirement
        for inner in requirement.extras if requirement.name == PROJECT["name"] else ():
            yield from _wanted(inner)


def test_it_holds_every_extra_that_the_service_tells_to_install() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "server/src/amends_server").rglob("*.py"))
    extras = {name for names in re.findall(r"amends\[([a-z,]+)\]", sources) for name in names.split(",")}
    assert extras >= {"otel", "redaction"}
    wanted = [*map(Requirement, PROJECT["dependencies"]), *(each for extra in extras for each in _wanted(extra))]
    pinned = load_supply("audit").pins(ROOT / "requirements/runtime.txt")
    for requirement in wanted:
        assert pinned.get(canonicalize_name(requirement.name), "") in requirement.specifier, requirement


def test_its_health_is_asked_by_grpc_with_its_own_command(final: Stage) -> None:
    (check,) = final.all("HEALTHCHECK")
    assert check.endswith('CMD ["amends", "probe", "liveness", "--timeout=3"]')
    assert final.all("ENTRYPOINT") == ['["amends"]'], "process 1 is the service, which hears SIGTERM"
    assert final.all("CMD") == ['["serve"]']


def test_nothing_secret_is_passed_in() -> None:
    assert {arg.rest for arg in _instructions() if arg.word == "ARG"} == {"PYTHON_DIGEST"}


def test_only_what_is_copied_is_sent_to_the_engine() -> None:
    lines = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    assert sent == set(_copied())


def test_what_is_copied_builds_the_package(tmp_path: Path) -> None:
    for source in _copied():
        here, there = ROOT / source, tmp_path / "src" / source
        there.parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, there)
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "src"),
    ]
    done = subprocess.run(build, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "amends_core/models/*/model.onnx",
        "amends_server/main.py",
        "amends_cli/probe.py",
        "*/entry_points.txt",
    ):
        assert fnmatch.filter(names, wanted), wanted
