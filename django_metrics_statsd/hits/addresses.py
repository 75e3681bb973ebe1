"""Whose address a hit has: the peer's, or what a trusted proxy says of it; and how it is made less personal.

Proxies put what they know at the end of ``X-Forwarded-For`` or of ``Forwarded`` (RFC 7239), so these are read
from the end: past the addresses of trusted proxies, to the first other one. All before that one comes from
it, and may be invented. What cannot be read, or hides (``unknown``, ``_hidden``), ends the reading too: the
last proxy that could be read is then the client's address, as nothing is known of who is behind it.

Most proxies set one of the two headers and pass the other one on as the client sent it, and nothing tells
which one. So where both are there they must name the same client. Where they do not, one of them is
invented, and the address is the peer's: it tells less, but nobody can choose it. A proxy that drops the
header that it does not set (nginx: ``proxy_set_header Forwarded "";``) leaves no doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2s
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import islice

from django_metrics_statsd.hits.kinds import Network

#: Characters of a header that are read, from its end, and entries. A chain of proxies is shorter.
MAX_LENGTH = 2_048
MAX_HOPS = 32
#: How many addresses are remembered, as they were read and as they were made less personal.
REMEMBERED = 4_096

#: An IPv6 address has at most 45 characters; with brackets, a zone and a port it stays below this.
_MAX_ADDRESS = 100

Address = IPv4Address | IPv6Address

_PORT = r"(?::(?:[0-9]{1,5}|_[0-9A-Za-z._\-]+))?"
#: RFC 7239 section 6: ``192.0.2.1``, ``192.0.2.1:80``, ``[2001:db8::1]:80``; and IPv6 as it is, which
#: ``X-Forwarded-For`` has. A zone (RFC 4007) means something on the proxy's machine only.
_NODE = re.compile(rf"\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\]{_PORT}|([0-9.]+){_PORT}|([0-9A-Fa-f:.]+)(?:%.*)?")

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
#: RFC 7239 section 4, with spaces where RFC 9110 lets a sender put them. Many proxies write IPv6 and ports
#: without the quotes that they need, so a value may have their characters. Each character can be matched in
#: one way only: else a header that anybody may send would be tried in 2^n ways.
_LOOSE = r"""(?:"(?:[^"\\]|\\.)*"|[!#$%&'*+\-.^_`|~0-9A-Za-z\[\]:]+)"""
_PAIR = re.compile(rf"\s*({_WORD})=({_LOOSE})\s*(?:;|$)")
_ELEMENT = re.compile(rf"\s*{_WORD}={_LOOSE}(?:\s*;\s*{_WORD}={_LOOSE})*\s*;?\s*")


def client_address(remote: str, forwarded: str, x_forwarded_for: str, trusted: tuple[Network, ...]) -> str:
    """Return the client's address in its usual form, or ``""`` where there is none.

    Args:
        remote: the peer's address; empty for a Unix socket.
        forwarded: the header ``Forwarded``, several of them joined by commas, or ``""``.
        x_forwarded_for: the same of ``X-Forwarded-For``.
        trusted: the networks of proxies that are believed; None among them stands for a Unix socket.
    """
    peer = parsed(remote)
    if not trusted or not (forwarded or x_forwarded_for) or not _is_trusted(peer, remote, trusted):
        return _text(peer)
    named = {
        _walked(peer, nodes(header), trusted)
        for header, nodes in ((forwarded, _forwarded), (x_forwarded_for, _x_forwarded_for))
        if header
    }
    return _text(named.pop() if len(named) == 1 else peer)


def parsed(text: str) -> Address | None:
    """Read an address, with or without port, brackets and zone; IPv4 within IPv6 becomes IPv4."""
    return _parsed(text) if len(text) <= _MAX_ADDRESS else None


@lru_cache(REMEMBERED)
def _parsed(text: str) -> Address | None:
    match = _NODE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        address = ip_address(next(filter(None, match.groups())))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _text(address: Address | None) -> str:
    return "" if address is None else str(address)


def _is_trusted(address: Address | None, text: str, trusted: tuple[Network, ...]) -> bool:
    if address is None:
        return not text and None in trusted
    return any(network is not None and address in network for network in trusted)


def _walked(peer: Address | None, nodes: Iterator[str], trusted: tuple[Network, ...]) -> Address | None:
    """Go from the peer towards the client; return the first that is not trusted, or the last one known."""
    known = peer
    for node in islice(nodes, MAX_HOPS):
        address = parsed(node)
        if address is None:
            break
        known = address
        if not _is_trusted(address, node, trusted):
            break
    return known


def _x_forwarded_for(header: str) -> Iterator[str]:
    """Yield the entries from the last to the first; empty ones say nothing (RFC 9110 section 5.6.1)."""
    for node in reversed(header[-MAX_LENGTH:].split(",")):
        if node.strip():
            yield node


def _forwarded(header: str) -> Iterator[str]:
    """Yield what each element's ``for`` says, from the last to the first; ``""`` where it says nothing."""
    for element in _elements(header[-MAX_LENGTH:]):
        pairs = [(name.lower(), value) for name, value in _PAIR.findall(element)]
        nodes = [value for name, value in pairs if name == "for"]
        yield _unquoted(nodes[0]) if len(nodes) == 1 else ""


def _elements(header: str) -> Iterator[str]:
    """Yield the elements from the last to the first, until what is left ends in none.

    A client can send a quote that it never closes. Read from the start, it would swallow what the proxy
    put behind; so an element is the shortest well-formed end of what is left.
    """
    end = len(header)
    while end > 0:
        start = _start(header, end)
        if start is None:
            return
        if header[start:end].strip():
            yield header[start:end]
        end = start - 1


def _start(header: str, end: int) -> int | None:
    comma = end
    for _ in range(MAX_HOPS):
        comma = header.rfind(",", 0, comma)
        if not header[comma + 1 : end].strip() or _ELEMENT.fullmatch(header, comma + 1, end):
            return comma + 1
        if comma < 0:
            break
    return None


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


@lru_cache(REMEMBERED)
def anonymise(address: str, how: str | None, key: bytes) -> str:
    """Return an address made less personal, or ``""`` for what is no address.

    Args:
        address: in any form that `parsed` reads.
        how: None leaves it as it is; ``"truncate"`` keeps the network, of 24 bits in IPv4 and 48 in IPv6;
            ``"hash"`` gives an address of ``fd00::/8`` (RFC 4193) that is the same for the same address and
            key. Without the key nobody can find the address by trying them all.
        key: secret bytes, for ``"hash"``.
    """
    found = parsed(address)
    change = _CHANGES.get(how)
    return "" if found is None or change is None else str(change(found, key))


def _kept(address: Address, key: bytes) -> Address:
    return address


def _truncated(address: Address, key: bytes) -> Address:
    return ip_network((address, 24 if address.version == 4 else 48), strict=False).network_address


def _hashed(address: Address, key: bytes) -> Address:
    short = key if len(key) <= blake2s.MAX_KEY_SIZE else blake2s(key).digest()
    return IPv6Address(b"\xfd" + blake2s(address.packed, key=short, digest_size=15).digest())


_CHANGES: dict[str | None, Callable[[Address, bytes], Address]] = {
    None: _kept,
    "truncate": _truncated,
    "hash": _hashed,
}
