"""Who the demo's visitors say they are: addresses that `places` knows, browsers, telephones, bots."""

from __future__ import annotations

import random
from ipaddress import ip_network
from typing import NamedTuple

from .places import PLACES

_MOZILLA = "Mozilla/5.0"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_HANDHELD = "Mobile/15E148 Safari/604.1"

FIREFOX = f"{_MOZILLA} (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"

# How many of a hundred have it.
BROWSERS = {
    f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36": 24,
    f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0": 8,
    f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/18.6 Safari/605.1.15": 9,
    FIREFOX: 7,
    f"{_MOZILLA} (Linux; Android 10; K) {_WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36": 18,
    f"{_MOZILLA} (Linux; Android 15; SM-S931B) {_WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36": 6,
    f"{_MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_APPLE} Version/18.6 {_HANDHELD}": 14,
    f"{_MOZILLA} (iPad; CPU OS 17_7 like Mac OS X) {_APPLE} Version/17.7 {_HANDHELD}": 5,
    f"{_MOZILLA} (Linux; Android 14; SM-X710) {_WEBKIT} Chrome/141.0.0.0 Safari/537.36": 3,
}
PROGRAMS = {
    f"{_MOZILLA} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": 5,
    f"{_MOZILLA} (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)": 3,
    "curl/8.14.1": 2,
}
FOUND_BY = ("", "", "", "https://www.google.com/", "https://duckduckgo.com/", "https://books.example/links/")


class Person(NamedTuple):
    """Somebody, or a program, which follows links and fills no forms in."""

    address: str
    user_agent: str
    referer: str = ""
    is_program: bool = False


def somebody() -> Person:
    network = ip_network(random.choice(PLACES).network)
    address = str(network[random.randrange(1, min(network.num_addresses - 1, 200))])
    agents = BROWSERS | PROGRAMS
    agent = random.choices(list(agents), list(agents.values()))[0]
    is_program = agent in PROGRAMS
    return Person(address, agent, "" if is_program else random.choice(FOUND_BY), is_program)


SHOPKEEPER = Person("81.2.69.161", FIREFOX)
