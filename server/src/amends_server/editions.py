"""What is loaded before the first call: the model, and for each tenant the playbooks and the teaching it judges by."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from amends.v1 import server_info_pb2
from amends_core.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from amends_core.encoder import Encoding, OnnxEncoder
from amends_core.errors import BundleError, PlaybookError, TeachingError
from amends_core.playbooks import PlaybookLibrary
from amends_core.reference import Reference, load_reference, own_reference
from amends_core.scorer import Scorer, phrases_of
from amends_core.teaching import UNTAUGHT, Teaching, load_teaching

from amends_server.identity.tenants import Tenant, Tenants, load_tenants
from amends_server.playbooks import Edition, load_checked
from amends_server.settings import Settings
from amends_server.signing import load_signed

Encode = Callable[[Iterable[str]], Mapping[str, Encoding]]
Libraries = Mapping[str, PlaybookLibrary]
"""By tenant, those with anything of their own alone; `COMMON` is that of all others."""
COMMON = ""
"""Stands among the names of tenants for what all others have."""
_log = logging.getLogger("amends.server")


@dataclass(frozen=True, slots=True)
class Model:
    """What is loaded before the first call."""

    bundle: Bundle
    encoder: OnnxEncoder
    edition: Edition
    """What serves every tenant that has nothing of its own."""
    tenants: Tenants = field(default_factory=lambda: load_tenants(None))
    own: Mapping[str, Edition] = field(default_factory=dict)
    """Editions of tenants with playbooks, exemplars or steps of their own."""
    reference: Reference | None = None
    """What drift is measured against."""
    load_s: float = 0.0
    """Seconds in which the bundle was checked and its session made."""
    candidate: "Model | None" = None
    """A second one that is on trial, over the same libraries: it has an edition for each of `own`, too."""


def load_model(settings: Settings) -> Model:
    """Loads bundle and playbooks and encodes the exemplars, which warms the encoder up.

    Raises:
        BundleError: a bundle is missing or damaged, or is not signed as it must be, or a reference that was given is
            not of it.
        PlaybookError: a playbook breaks its schema or contradicts itself.
        TeachingError: own exemplars or a custom step cannot be used.
        IdentityError: the tenants cannot be read.
    """
    started = time.monotonic()
    bundle = _bundle(settings.model_dir, settings.model_key)
    encoder = OnnxEncoder(bundle)
    load_s = time.monotonic() - started
    tenants = load_tenants(settings.tenant_dir)
    libraries = _libraries(settings.playbook_dir, tenants)
    model = _read_by(bundle, encoder, settings, tenants, libraries)
    candidate = _candidate(settings, tenants, libraries)
    return replace(model, reference=_reference(settings, bundle), load_s=load_s, candidate=candidate)


def _bundle(folder: Path | None, key: Path | None) -> Bundle:
    """A bundle; where no folder is given the embedded one, which comes with the package and needs no signature."""
    if folder is None:
        return load_bundle(DEFAULT_BUNDLE)
    return load_signed(folder, key) if key is not None else load_bundle(folder)


def _libraries(common: Path | None, tenants: Tenants) -> Libraries:
    libraries = {COMMON: load_checked(*playbook_dirs(common))}
    for tenant in tenants.values():
        if has_own(tenant):
            with _told_of(tenant):
                libraries[tenant.name] = load_checked(*playbook_dirs(common, tenant))
    return libraries


def _candidate(settings: Settings, tenants: Tenants, libraries: Libraries) -> Model | None:
    """The second model: it shares playbooks and exemplars with the first, and has steps that are fitted on it."""
    if settings.shadow_model_dir is None:
        return None
    for tenant in tenants.values():
        if settings.canary_share and tenant.steps and not tenant.shadow_steps:
            raise TeachingError(
                f"tenant {tenant.name}: canary_share with steps needs shadow_steps beside them: fit its steps on the "
                "candidate with `amends steps fit`"
            )
    bundle = _bundle(settings.shadow_model_dir, settings.model_key)
    given = settings.model_copy(update={"custom_steps": settings.shadow_custom_steps})
    fitted = {name: replace(tenant, steps=tenant.shadow_steps) for name, tenant in tenants.items()}
    return _read_by(bundle, OnnxEncoder(bundle), given, fitted, libraries)


def _read_by(bundle: Bundle, encoder: OnnxEncoder, settings: Settings, tenants: Tenants, libraries: Libraries) -> Model:
    teaching = load_teaching(settings.exemplars, settings.custom_steps, bundle)
    with ThreadPoolExecutor(settings.worker_count) as threads:

        def encode(texts: Iterable[str]) -> Mapping[str, Encoding]:
            wanted = list(texts)
            return dict(zip(wanted, threads.map(encoder.encode, wanted), strict=True))

        edition = _edition(bundle, libraries[COMMON], teaching, {}, encode)
        own = {
            name: _own_edition(bundle, tenants[name], library, edition, encode)
            for name, library in libraries.items()
            if name != COMMON
        }
    return Model(bundle, encoder, edition, tenants, own)


def _reference(settings: Settings, bundle: Bundle) -> Reference | None:
    """The reference that was given, or the bundle's own: without the latter the service judges as well."""
    if settings.reference is not None:
        return load_reference(settings.reference, bundle)
    try:
        return own_reference(bundle)
    except BundleError as error:
        _log.warning("no drift is measured", extra={"why": str(error)})
        return None


def has_own(tenant: Tenant) -> bool:
    """Whether a tenant judges by anything that others do not."""
    return any((tenant.playbooks, tenant.exemplars, tenant.steps))


def playbook_dirs(common: Path | None, tenant: Tenant | None = None) -> list[Path]:
    """Folders of the playbooks that a tenant sees, beside those that ship; without one, that all others see."""
    own = tenant.playbooks if tenant else None
    return [folder for folder in (common, own) if folder is not None]


def _own_edition(bundle: Bundle, tenant: Tenant, library: PlaybookLibrary, edition: Edition, encode: Encode) -> Edition:
    """Playbooks of its own are beside the common ones; exemplars and steps of its own stand instead of those."""
    with _told_of(tenant):
        own = load_teaching(tenant.exemplars, tenant.steps, bundle)
        teaching = Teaching(own.exemplars or edition.teaching.exemplars, own.steps or edition.teaching.steps)
        return _edition(bundle, library, teaching, edition.encodings, encode)


@contextmanager
def _told_of(tenant: Tenant) -> Iterator[None]:
    """Names the tenant in what its files are told to lack."""
    try:
        yield
    except (PlaybookError, TeachingError) as error:
        raise type(error)(f"tenant {tenant.name}: {error}") from error


def _edition(
    bundle: Bundle,
    library: PlaybookLibrary,
    teaching: Teaching,
    known: Mapping[str, Encoding],
    encode: Encode,
) -> Edition:
    phrases = phrases_of(library, teaching)
    fresh = encode(text for text in phrases if text not in known)
    encodings = {text: known[text] if text in known else fresh[text] for text in phrases}
    scorer = Scorer(bundle.manifest, library, encodings, teaching)
    return Edition(bundle.manifest, library, scorer, encodings, model_info(bundle, teaching), teaching)


def model_info(bundle: Bundle, teaching: Teaching = UNTAUGHT) -> server_info_pb2.ModelInfo:
    """Names a model and what it was taught."""
    own = teaching.exemplars
    return server_info_pb2.ModelInfo(
        name=bundle.manifest.name,
        version=bundle.manifest.version,
        sha256=bundle.sha256,
        exemplars=server_info_pb2.TeachingRef(name=own.name, version=own.version) if own else None,
        custom_steps=[server_info_pb2.TeachingRef(name=step.name, version=step.version) for step in teaching.steps],
    )
