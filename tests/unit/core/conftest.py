"""The shipped playbooks, loaded once, and a small world over them."""

import pytest
from amends_core.local import LocalScorer
from amends_core.playbooks import PlaybookLibrary, load_library
from core_builders import World


@pytest.fixture(scope="session")
def library() -> PlaybookLibrary:
    return load_library()


@pytest.fixture(scope="session")
def local() -> LocalScorer:
    """A scorer by the embedded model."""
    return LocalScorer()


@pytest.fixture(scope="session")
def world(library: PlaybookLibrary) -> World:
    return World(library)
