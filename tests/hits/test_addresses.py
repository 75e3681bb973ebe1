"""The client's address behind proxies that are trusted, and never one that the client chose itself."""

from __future__ import annotations

import time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.hits import addresses
from django_metrics_statsd.hits.addresses import anonymise, client_address, parsed
from django_metrics_statsd.hits.conf import conf

PROXY, PROXY_2, PROXY_6 = "10.0.0.1", "10.0.0.2", "2001:db8:1::1"
CLIENT, CLIENT_6, EVIL = "198.51.100.7", "2001:db8:9::7", "203.0.113.66"
TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))
KEY = b"k" * 32


def by_forwarded(header: str, remote: str = PROXY) -> str:
    return client_address(remote, header, "", TRUSTED)


def by_x(header: str, remote: str = PROXY) -> str:
    return client_address(remote, "", header, TRUSTED)


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        (CLIENT, CLIENT),
        (CLIENT_6, CLIENT_6),
        ("2001:DB8:9:0::7", CLIENT_6),
        ("198.51.100.7:5678", CLIENT),
        ("[2001:db8:9::7]:443", CLIENT_6),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:198.51.100.7", CLIENT),
        ("", ""),
        ("unix:", ""),
        ("testclient", ""),
        ("999.1.1.1", ""),
        ("010.0.0.1", ""),
        ("x" * 5_000, ""),
    ],
)
def test_without_trust_it_is_the_peers(remote: str, expected: str) -> None:
    for trusted in ((), TRUSTED, (ip_network("192.0.2.1"),)):
        assert client_address(remote, f"for={EVIL}", EVIL, trusted) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (CLIENT, CLIENT),
        (f"{EVIL}, {CLIENT}", CLIENT),
        (f"{EVIL}, {CLIENT}, {PROXY_2}, {PROXY_6}", CLIENT),
        (f"{CLIENT},{PROXY_2}", CLIENT),
        (f"{CLIENT}:5678", CLIENT),
        (f"{CLIENT_6}", CLIENT_6),
        (f"[{CLIENT_6}]", CLIENT_6),
        (f"[{CLIENT_6}]:5678", CLIENT_6),
        (f"{CLIENT_6}%eth0", CLIENT_6),
        (f"::ffff:{CLIENT}", CLIENT),
        (f"{CLIENT}, ::ffff:{PROXY_2}", CLIENT),
        (f" , {CLIENT} , , ", CLIENT),
        (f"{PROXY_2}", PROXY_2),  # a proxy asks for itself, or all of the network is trusted
        ("10.9.9.9, 10.8.8.8", "10.9.9.9"),
        (f"{CLIENT}, unknown", PROXY),
        (f"{CLIENT}, junk, {PROXY_2}", PROXY_2),
        (f"{CLIENT}, {PROXY_2}:port", PROXY),
        (f"{CLIENT}, <script>", PROXY),
        ("", PROXY),
        (",,,", PROXY),
        (f"'{CLIENT}'", PROXY),
    ],
)
def test_x_forwarded_for_is_read_from_its_end(header: str, expected: str) -> None:
    assert by_x(header) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"for={CLIENT}", CLIENT),
        (f"For={CLIENT};proto=https;by={PROXY}", CLIENT),
        (f"proto=https; FOR={CLIENT}", CLIENT),
        (f'for="{CLIENT}:47011"', CLIENT),
        (f"for={CLIENT}:47011", CLIENT),  # wants quotes by the RFC, and is sent without
        (f'for="{CLIENT}:_port"', CLIENT),
        (f'for="[{CLIENT_6}]"', CLIENT_6),
        (f'for="[{CLIENT_6}]:4711"', CLIENT_6),
        (f"for=[{CLIENT_6}]:4711", CLIENT_6),
        (f'for="\\{CLIENT}"', CLIENT),
        (f"for={EVIL}, for={CLIENT}, for={PROXY_2}", CLIENT),
        (f'for={CLIENT}, for="[{PROXY_6}]:1"; by=_x', CLIENT),
        (f"for={CLIENT}, ,for={PROXY_2},", CLIENT),
        (f'for={CLIENT};host="a, for={EVIL}"', CLIENT),
        (f'for={CLIENT};host="a\\", for={EVIL};x=\\""', CLIENT),
        (f"for={CLIENT}, for=unknown", PROXY),
        (f"for={CLIENT}, for=_hidden, for={PROXY_2}", PROXY_2),
        (f"for={CLIENT}, proto=https", PROXY),
        (f"for={CLIENT}, for={PROXY_2};for={EVIL}", PROXY),
        (f"for={CLIENT}, for = {PROXY_2}", PROXY),
        (f"for={CLIENT}, {PROXY_2}", PROXY),
        ("for=", PROXY),
        ('for="', PROXY),
        ("", PROXY),
    ],
)
def test_forwarded_is_read_from_its_end(header: str, expected: str) -> None:
    assert by_forwarded(header) == expected


@pytest.mark.parametrize(
    "sent",
    [f"for={EVIL}", f'for="{EVIL}', f'for={EVIL};by="', '"', "\\", f"for={EVIL};", ";;;", '="', "for=unknown",
     f'for="{EVIL}\\', f"for={EVIL}, for={PROXY_2}", "x" * 5_000, '",' * 2_000, f"for={PROXY_2}," * 500],
)  # fmt: skip
@pytest.mark.parametrize("node", [CLIENT, f'"{CLIENT}:80"', f'"[{CLIENT_6}]:80"', f'{CLIENT};host="h:80"'])
def test_nothing_that_a_client_sends_before_it_changes_what_the_proxy_adds(sent: str, node: str) -> None:
    expected = CLIENT_6 if CLIENT_6 in node else CLIENT
    assert by_forwarded(f"{sent}, for={node}") == expected
    assert by_forwarded(f"{sent}, for={node}, for={PROXY_2};proto=https") == expected
    assert by_x(f"{sent}, {expected}, {PROXY_2}") == expected


def test_where_both_headers_agree_they_are_believed() -> None:
    assert client_address(PROXY, f"for={CLIENT}", f"{EVIL}, {CLIENT}", TRUSTED) == CLIENT
    assert (
        client_address(PROXY, f'for="[{CLIENT_6}]:1", for={PROXY_2}', CLIENT_6.upper(), TRUSTED) == CLIENT_6
    )


@pytest.mark.parametrize(
    ("forwarded", "x_forwarded_for"),
    [(f"for={EVIL}", CLIENT), (f"for={CLIENT}", EVIL), ("junk", CLIENT), (f"for={CLIENT}", "junk")],
)
def test_where_they_do_not_the_address_is_the_peers(forwarded: str, x_forwarded_for: str) -> None:
    assert client_address(PROXY, forwarded, x_forwarded_for, TRUSTED) == PROXY


def test_behind_a_unix_socket_trust_is_asked_for_by_its_name(settings: Any) -> None:
    settings.WT_TRUSTED_PROXIES = ["unix", "10.0.0.0/8"]
    assert client_address("", "", f"{CLIENT}, {PROXY}", conf.WT_TRUSTED_PROXIES) == CLIENT
    assert client_address("", "", "unknown", conf.WT_TRUSTED_PROXIES) == ""
    assert client_address("", f"for={EVIL}", CLIENT, conf.WT_TRUSTED_PROXIES) == ""
    settings.WT_TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert client_address("", "", CLIENT, conf.WT_TRUSTED_PROXIES) == ""
    settings.WT_TRUSTED_PROXIES = ["unix"]
    assert client_address("junk", "", CLIENT, conf.WT_TRUSTED_PROXIES) == ""


def test_a_peer_in_ipv4_within_ipv6_is_trusted_as_ipv4() -> None:
    assert by_x(CLIENT, remote=f"::ffff:{PROXY}") == CLIENT
    assert by_x(CLIENT, remote=f"{PROXY}:8080") == CLIENT


def test_only_so_many_hops_are_gone() -> None:
    chain = ", ".join(f"10.0.1.{number}" for number in range(100))
    assert by_x(f"{CLIENT}, {chain}") == f"10.0.1.{100 - addresses.MAX_HOPS}"
    assert by_forwarded(f"for={CLIENT}, for=" + chain.replace(", ", ", for=")) == (
        f"10.0.1.{100 - addresses.MAX_HOPS}"
    )


def test_of_a_long_header_the_end_is_read() -> None:
    assert by_x(f"{'9' * 100_000}, {CLIENT}") == CLIENT
    assert by_x(CLIENT + " " * addresses.MAX_LENGTH) == PROXY


@pytest.mark.parametrize(
    "junk",
    [",", '"', ';a=",a="', ',a="', 'a="\\', "for=10.0.0.1,", ",for=a;", "a=b;", " ", '",', '=",', "\\"],
)
def test_no_header_takes_long_to_read(junk: str) -> None:
    header = junk * (100_000 // len(junk))
    start = time.process_time()
    for _ in range(5):
        by_forwarded(header)
        by_forwarded(f"{header}, for={PROXY_2}")
        by_x(header)
    assert time.process_time() - start < 2


headers = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(["for=", "by=", '"', "[", "]", ":", ";", ",", " ", "\\", "%", "_a", "80", "unknown",
                         PROXY, PROXY_2, PROXY_6, CLIENT, CLIENT_6, "::ffff:10.0.0.9", "=", "for", "é"]),
        max_size=40,
    ).map("".join),
)  # fmt: skip
remotes = st.sampled_from([PROXY, PROXY_6, CLIENT, "", "junk", f"{PROXY}:80"]) | st.text(max_size=60)


@given(remotes, headers, headers, st.sampled_from([(), TRUSTED, (None,), (*TRUSTED, None)]))
def test_what_comes_out_is_an_address_or_nothing(remote: str, forwarded: str, x: str, trusted: Any) -> None:
    found = client_address(remote, forwarded, x, trusted)
    assert not found or str(ip_address(found)) == found


@given(headers, headers)
def test_nobody_who_is_not_trusted_says_who_they_are(forwarded: str, x: str) -> None:
    assert client_address(CLIENT, forwarded, x, (*TRUSTED, None)) == CLIENT


@given(headers)
def test_what_is_sent_before_the_proxys_own_entry_does_not_matter(sent: str) -> None:
    assert by_x(f"{sent},{CLIENT}") == CLIENT
    assert by_forwarded(f"{sent},for={CLIENT}") == CLIENT
    assert by_forwarded(f'{sent},for="[{CLIENT_6}]:80";by={PROXY}') == CLIENT_6


@pytest.mark.parametrize(
    ("address", "kept", "truncated"),
    [
        ("198.51.100.7", "198.51.100.7", "198.51.100.0"),
        ("198.51.100.7:80", "198.51.100.7", "198.51.100.0"),
        ("::ffff:198.51.100.7", "198.51.100.7", "198.51.100.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::1", "fe80::"),
        ("", "", ""),
        ("junk", "", ""),
        ("198.51.100", "", ""),
        ("x" * 500, "", ""),
    ],
)
def test_an_address_is_kept_or_cut_to_its_network(address: str, kept: str, truncated: str) -> None:
    assert anonymise(address, None, KEY) == kept
    assert anonymise(address, "truncate", KEY) == truncated
    assert bool(anonymise(address, "hash", KEY)) is bool(kept)


def test_a_hash_is_a_local_address_that_depends_on_address_and_key_alone() -> None:
    found = {
        anonymise(address, "hash", key)
        for address in (CLIENT, CLIENT_6, EVIL)
        for key in (KEY, b"another", b"", b"long" * 50, b"long" * 51)
    }
    assert len(found) == 15
    assert all(ip_address(each) in ip_network("fd00::/8") for each in found)
    assert anonymise(CLIENT, "hash", KEY) == anonymise(f"[::ffff:{CLIENT}]:80", "hash", KEY)
    assert anonymise(CLIENT_6, "hash", KEY) == anonymise(CLIENT_6.upper(), "hash", KEY)


def test_a_hash_stays_what_it_is_from_one_release_to_the_next() -> None:
    assert anonymise("198.51.100.7", "hash", b"secret") == "fda4:f22d:e0c1:ae23:cf14:b40d:f4eb:66e4"


def test_a_way_that_does_not_exist_gives_no_address_away() -> None:
    assert anonymise(CLIENT, "shorten", KEY) == ""


@given(
    st.ip_addresses().map(str) | st.text(max_size=120),
    st.sampled_from([None, "truncate", "hash"]),
    st.binary(max_size=100),
)
def test_what_is_anonymised_is_an_address_or_nothing(address: str, how: str | None, key: bytes) -> None:
    found = anonymise(address, how, key)
    assert (not found) is (parsed(address) is None)
    assert not found or str(ip_address(found)) == found
    if found and how == "truncate":
        bits = ip_address(found)
        keeps = 24 if isinstance(bits, IPv4Address) else 48
        assert int(bits) & ((1 << (bits.max_prefixlen - keeps)) - 1) == 0


def test_what_is_remembered_is_bounded() -> None:
    for number in range(addresses.REMEMBERED + 100):
        address = str(IPv6Address(number << 64))
        anonymise(address, "hash", KEY)
    assert addresses._parsed.cache_info().currsize <= addresses.REMEMBERED
    assert anonymise.cache_info().currsize <= addresses.REMEMBERED


def test_a_header_that_nobody_would_write_costs_no_time() -> None:
    began = time.process_time()
    for part in ("a=b;", "a=b ; ", 'a="b";', "b", 'a="', " ", "a="):
        assert by_forwarded(f"a={part * 160}@") == PROXY
    assert time.process_time() - began < 1
