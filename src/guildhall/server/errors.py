"""The ways in which the server does not start."""

from __future__ import annotations

from pathlib import Path

from guildhall.errors import InvalidInput, Unavailable


class AddressUnusable(InvalidInput):
    """This machine cannot listen at an address."""

    code = "address_unusable"

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(
            f"the server cannot listen at {host!r}, port {port}: {why}",
            remedy="Give --host an address of this machine's, such as 127.0.0.1, or 0.0.0.0 for all of them.",
            field="host",
            value=host,
        )


class AddressInUse(Unavailable):
    """Another program listens there."""

    code = "address_in_use"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} of {host} is in use by another program",
            remedy="Stop that one, or choose another with --port; 0 takes any that is free.",
            field="port",
            value=port,
        )


class SocketUnusable(InvalidInput):
    """What the process was given as a socket to listen at is none."""

    code = "socket_unusable"

    def __init__(self, descriptor: int) -> None:
        super().__init__(
            f"descriptor {descriptor}, named by LISTEN_FDS, is no socket that listens for connections",
            remedy="The unit's [Socket] has ListenStream and Accept=no, which is the default; or unset LISTEN_FDS.",
            field="LISTEN_FDS",
            value=descriptor,
        )


class CertificateUnusable(InvalidInput):
    """The certificate or its key cannot be read, or they do not belong together."""

    code = "certificate_unusable"

    def __init__(self, cert: Path, key: Path, why: str) -> None:
        super().__init__(
            f"the certificate {cert} with the key {key} cannot be used: {why}",
            remedy="Both are PEM files that this account can read; the key is the certificate's and has no passphrase.",
            field="tls_cert",
            value=str(cert),
        )


class WorkerFailed(Unavailable):
    """A worker ended before it could answer anybody."""

    code = "worker_failed"

    def __init__(self, status: int) -> None:
        how = f"with exit code {status}" if status >= 0 else f"by signal {-status}"
        super().__init__(f"a worker ended {how} before it was ready", remedy="Its last words stand above, in the log.")
