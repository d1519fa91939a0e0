"""What is loaded before the first call: the model, and for each tenant the playbooks and the teaching it judges by."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from amends.v1 import server_info_pb2
from amends_core.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from amends_core.encoder import Encoding, OnnxEncoder
from amends_core.errors import BundleError, PlaybookError, TeachingError
from amends_core.playbooks import PlaybookLibrary
from amends_core.reference import FILE, Reference, load_reference
from amends_core.scorer import Scorer, phrases_of
from amends_core.teaching import UNTAUGHT, Teaching, load_teaching

from amends_server.identity.tenants import Tenant, Tenants, load_tenants
from amends_server.playbooks import Edition, load_checked
from amends_server.settings import Settings

Encode = Callable[[Iterable[str]], Mapping[str, Encoding]]
_log = logging.getLogger("amends.server")


@dataclass(frozen=True, slots=True)
class Model:
    """What is loaded before the first call."""

    bundle: Bundle
    encoder: OnnxEncoder
    library: PlaybookLibrary
    scorer: Scorer
    encodings: Mapping[str, Encoding]
    """Of every phrase of the library."""
    teaching: Teaching = UNTAUGHT
    tenants: Tenants = field(default_factory=lambda: load_tenants(None))
    own: Mapping[str, Edition] = field(default_factory=dict)
    """Editions of tenants with playbooks, exemplars or steps of their own."""
    reference: Reference | None = None
    """What drift is measured against."""
    load_s: float = 0.0
    """Seconds in which the bundle was checked and its session made."""

    @property
    def edition(self) -> Edition:
        """That of every other tenant."""
        info = model_info(self.bundle, self.teaching)
        return Edition(self.library, self.scorer, self.encodings, info, self.teaching)


def load_model(settings: Settings) -> Model:
    """Loads bundle and playbooks and encodes the exemplars, which warms the encoder up.

    Raises:
        BundleError: the bundle is missing or damaged, or a reference that was given is not of it.
        PlaybookError: a playbook breaks its schema or contradicts itself.
        TeachingError: own exemplars or a custom step cannot be used.
        IdentityError: the tenants cannot be read.
    """
    started = time.monotonic()
    bundle = load_bundle(settings.model_dir or DEFAULT_BUNDLE)
    encoder = OnnxEncoder(bundle)
    load_s = time.monotonic() - started
    tenants = load_tenants(settings.tenant_dir)
    common = [settings.playbook_dir] if settings.playbook_dir else []
    teaching = load_teaching(settings.exemplars, settings.custom_steps, bundle)
    with ThreadPoolExecutor(settings.threads) as threads:

        def encode(texts: Iterable[str]) -> Mapping[str, Encoding]:
            wanted = list(texts)
            return dict(zip(wanted, threads.map(encoder.encode, wanted), strict=True))

        edition = _edition(bundle, common, teaching, {}, encode)
        own = {
            tenant.name: _own_edition(bundle, tenant, common, edition, encode)
            for tenant in tenants.values()
            if has_own(tenant)
        }
    return Model(
        bundle,
        encoder,
        edition.library,
        edition.scorer,
        edition.encodings,
        teaching,
        tenants,
        own,
        _reference(settings, bundle),
        load_s,
    )


def _reference(settings: Settings, bundle: Bundle) -> Reference | None:
    """The reference that was given, or the bundle's own: without the latter the service judges as well."""
    if settings.reference is not None:
        return load_reference(settings.reference, bundle)
    try:
        return load_reference(bundle.path / FILE, bundle)
    except BundleError as error:
        _log.warning("no drift is measured", extra={"why": str(error)})
        return None


def has_own(tenant: Tenant) -> bool:
    """Whether a tenant judges by anything that others do not."""
    return any((tenant.playbooks, tenant.exemplars, tenant.steps))


def playbook_dirs(common: Path | None, tenant: Tenant) -> list[Path]:
    """Folders of the playbooks that a tenant sees, beside those that ship."""
    return [folder for folder in (common, tenant.playbooks) if folder is not None]


def _own_edition(bundle: Bundle, tenant: Tenant, common: list[Path], edition: Edition, encode: Encode) -> Edition:
    """Playbooks of its own are beside the common ones; exemplars and steps of its own stand instead of those."""
    folders = [*common, *playbook_dirs(None, tenant)]
    try:
        own = load_teaching(tenant.exemplars, tenant.steps, bundle)
        teaching = Teaching(own.exemplars or edition.teaching.exemplars, own.steps or edition.teaching.steps)
        return _edition(bundle, folders, teaching, edition.encodings, encode)
    except (PlaybookError, TeachingError) as error:
        raise type(error)(f"tenant {tenant.name}: {error}") from error


def _edition(
    bundle: Bundle,
    folders: list[Path],
    teaching: Teaching,
    known: Mapping[str, Encoding],
    encode: Encode,
) -> Edition:
    library = load_checked(*folders)
    phrases = phrases_of(library, teaching)
    fresh = encode(text for text in phrases if text not in known)
    encodings = {text: known[text] if text in known else fresh[text] for text in phrases}
    scorer = Scorer(bundle.manifest, library, encodings, teaching)
    return Edition(library, scorer, encodings, model_info(bundle, teaching), teaching)


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
