"""The page of metrics, byte for byte as prometheus_client writes it, for less than half of its processor time.

Name and labels of a line are the same on every page, and the library checks and escapes them anew each time. Here it is
asked once a series; after that only values and exemplars are written. This room does not know what metrics mean.
"""

import gzip
import time
from collections.abc import Callable, Iterable, Sequence
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import Metric, make_wsgi_app
from prometheus_client import generate_latest as encode_text
from prometheus_client.exposition import choose_encoder, gzip_accepted
from prometheus_client.openmetrics.exposition import generate_latest as encode_open_metrics
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar, Sample
from prometheus_client.utils import floatToGoString

_OPEN_METRICS = "application/openmetrics-text"
_REWRITTEN = ("escaping=dots", "escaping=values")
"""Schemes that write even names in which nothing needs escaping otherwise: left to the library."""
_NOTHING = "0.0\n"
_number: Callable[[float], str] = floatToGoString


def metrics_app(registry: Collector) -> WSGIApplication:
    """Answers as the library's own application does; what Prometheus asks for is written here."""
    library = make_wsgi_app(registry)
    text, open_metrics = Page(registry, encode_text), Page(registry, encode_open_metrics, exemplars=True)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _, kind = choose_encoder(environ.get("HTTP_ACCEPT", ""))
        if not _is_usual(environ) or kind.endswith(_REWRITTEN):
            answer: Iterable[bytes] = library(environ, start_response)
            return answer
        page = open_metrics if kind.startswith(_OPEN_METRICS) else text
        written, headers = page.write(), [("Content-Type", kind)]
        if gzip_accepted(environ.get("HTTP_ACCEPT_ENCODING", "")):
            written = gzip.compress(written, compresslevel=1)  # a fifth of the time of 9, a twentieth larger
            headers.append(("Content-Encoding", "gzip"))
        start_response("200 OK", headers)
        return [written]

    return app


def _is_usual(environ: WSGIEnvironment) -> bool:
    asked = (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
    return asked == ("GET", "/metrics", "")


class _Found:
    """Families that stand for a registry."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class Page:
    """A registry's page in one format, for any thread.

    What a line begins with is kept for each series that was ever on the page, so label sets must be bounded.
    Timestamps, `_created` and native histograms, which we have not, would be lost or misplaced.
    """

    def __init__(self, registry: Collector, encode: Callable[[Collector], bytes], *, exemplars: bool = False) -> None:
        self._registry = registry
        self._encode = encode
        self._exemplars = exemplars
        self._end = encode(_Found([])).decode()
        self._heads: dict[str, str] = {}
        self._beginnings: dict[tuple[object, ...], str] = {}

    def write(self) -> bytes:
        """The page as it is now. Between families the event loop may have the interpreter."""
        parts: list[str] = []
        for family in self._registry.collect():
            self._write(family, parts)
            time.sleep(0)  # a thread that waits would otherwise get it only after 5 ms
        return "".join((*parts, self._end)).encode()

    def _write(self, family: Metric, parts: list[str]) -> None:
        parts.append(self._head(family))
        for sample in family.samples:
            series = (sample.name, *sample.labels.items())
            beginning = self._beginnings.get(series)
            if beginning is None:
                beginning = self._beginnings[series] = self._beginning(family, sample)
            exemplar = _exemplar(sample.exemplar) if self._exemplars and sample.exemplar else ""
            parts.append(f"{beginning}{_number(sample.value)}{exemplar}\n")

    def _head(self, family: Metric) -> str:
        head = self._heads.get(family.name)
        if head is None:
            head = self._heads[family.name] = self._encoded(family, [])
        return head

    def _beginning(self, family: Metric, sample: Sample) -> str:
        """All of a sample's line but its value."""
        encoded = self._encoded(family, [Sample(sample.name, sample.labels, 0.0)])
        return encoded.removeprefix(self._head(family)).removesuffix(_NOTHING)

    def _encoded(self, family: Metric, samples: list[Sample]) -> str:
        """A family with other samples, as the library writes it."""
        changed = Metric(family.name, family.documentation, family.type, family.unit)
        changed.samples = samples
        return self._encode(_Found([changed])).decode().removesuffix(self._end)


def _exemplar(exemplar: Exemplar) -> str:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(exemplar.labels.items()))
    return f" # {{{labels}}} {_number(exemplar.value)} {exemplar.timestamp}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
