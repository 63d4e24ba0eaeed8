"""Where the server listens: its socket, and its certificate."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

from guildhall.server.errors import AddressInUse, AddressUnusable, CertificateUnusable, SocketUnusable

_BACKLOG = 2048
_FIRST_INHERITED = 3  # sd_listen_fds(3)


def listen(host: str, port: int) -> list[socket.socket]:
    """
    Sockets that listen at an address; for a name, at each address that it has.

    Raises:
        AddressUnusable: It is no address of this machine's, or the port is not for everybody.
        AddressInUse: Another program listens there.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise AddressUnusable(host, port, _why(error)) from None
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            if sockets and port == 0:
                break  # one free port is enough
            sockets.append(_listening(family, address, host, port))
    except BaseException:
        for each in sockets:
            each.close()
        raise
    return sockets


def _listening(family: int, address: tuple[object, ...], host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # `::` means both families; a name has its IPv4 addresses listed beside.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(host, port) from None
        raise AddressUnusable(host, port, _why(error)) from None
    listener.setblocking(False)
    return listener


def inherited(environment: Mapping[str, str]) -> list[socket.socket]:
    """
    Sockets that systemd has opened for this process (sd_listen_fds(3)); none unless it did.

    Raises:
        SocketUnusable: One of them is none that listens for connections.
    """
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(environment.get("LISTEN_FDS", "0"))
    return [_inherited(_FIRST_INHERITED + each) for each in range(count)]


def _inherited(descriptor: int) -> socket.socket:
    try:
        given = socket.socket(fileno=descriptor)
        if not given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) or given.type != socket.SOCK_STREAM:
            raise SocketUnusable(descriptor)
    except OSError:
        raise SocketUnusable(descriptor) from None
    given.setblocking(False)
    given.set_inheritable(False)  # workers are given it by name, and nobody else needs it
    return given


def url_of(listener: socket.socket, *, tls: bool) -> str:
    """The URL of what listens there, as a person would ask for it."""
    if listener.family not in (socket.AF_INET, socket.AF_INET6):
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{host}:{port}"


def certificate(cert: Path, key: Path) -> ssl.SSLContext:
    """
    The context in which connections are encrypted: TLS 1.2 or later.

    Raises:
        CertificateUnusable: The files cannot be read, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    for each in (cert, key):
        try:
            with each.open("rb"):
                pass
        except OSError as error:
            raise CertificateUnusable(cert, key, f"{each.name}: {_why(error)}") from None
    try:
        # An empty passphrase, so that nobody is asked for one at the terminal.
        context.load_cert_chain(cert, key, password="")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise CertificateUnusable(cert, key, _why(error)) from None
    return context


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(reason).replace("_", " ").lower()
