"""When a certificate ends."""

from pathlib import Path

from cryptography import x509


def not_after(chain: Path | bytes) -> float:
    """The earliest end of the certificates of a PEM chain, in seconds since 1970: from then on callers refuse it.

    Raises:
        OSError: the file cannot be read.
        ValueError: there is no certificate in it.
    """
    pem = chain.read_bytes() if isinstance(chain, Path) else chain
    return min(certificate.not_valid_after_utc.timestamp() for certificate in x509.load_pem_x509_certificates(pem))
