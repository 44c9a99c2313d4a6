"""Where the server may be sent: addresses that people give us to call (model providers, webhooks).

Whoever may enter such an address must not reach through us what only this machine can reach: its own services, the
private network, the metadata service of a cloud. The instance's admin allows hosts by PROMPTLAB_PRIVATE_HOSTS.
"""

import re
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import Invalid

LONGEST_URL = 2000
SCHEMES = frozenset({"http", "https"})
_NAT64 = ip_network("64:ff9b::/96")  # NAT64, RFC 6052
_SPECIAL = ip_network("192.0.0.0/24")  # RFC 6890; a cloud keeps its metadata there, and Python 3.11 lets parts pass
_PUBLIC = ip_network("2000::/3")  # all that IANA hands out; the rest is private, or stands for addresses of IPv4
# Names (in any script), numbers, IPv6. Other characters are read in many ways: %31 is a 1 to some clients.
_HOST = re.compile(r"[\w.:-]+")


def check_url(url: str, field: str) -> str:
    """The URL without spaces around it; raises Invalid for one that is malformed or leads to a private place.

    A name that cannot be looked up now is accepted: an address may change at any time, so that whoever connects has to
    look at it again in any case, and a machine behind a proxy may know no names at all.
    """
    url = url.strip()
    if len(url) > LONGEST_URL:
        raise Invalid(_("The address is longer than %(longest)s characters.") % {"longest": LONGEST_URL}, field)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in SCHEMES or not _HOST.fullmatch(host) or port == 0 or not url.isprintable() or " " in url:
        raise Invalid(_("Give a whole address, such as https://api.example.com/v1."), field)
    if parts.username is not None or parts.password is not None:
        raise Invalid(_("The address must not hold a name or a password."), field)
    _open_addresses(host, field)
    return url


def addresses(host: str) -> list[str]:
    """The addresses to which a connection to the host may be made, in the order to try them; asks the name service.

    Who connects to one of these, and not to the name again, cannot be led elsewhere by a name whose address changes
    between check and call. Empty for a name that nobody knows; raises Invalid for one that leads to a private place.
    """
    found = _open_addresses(host.rstrip(".").lower(), None)
    return sorted(found, key=lambda address: ":" in address)  # IPv4 first: many a container has no way out by IPv6


def _open_addresses(host: str, field: str | None) -> set[str]:
    allowed = {name.lower() for name in settings.PRIVATE_HOSTS}
    found = _addresses(host)
    if host in allowed or all(_is_open(address, allowed) for address in found):
        return found
    raise Invalid(
        _("%(host)s is in a private network. Who runs this PromptLab can allow it by PROMPTLAB_PRIVATE_HOSTS.")
        % {"host": host},
        field,
    )


def _addresses(host: str) -> set[str]:
    """What the system takes the host for: names, but also odd spellings of numbers such as 127.1 and 0x7f.1."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return set()


def _is_open(text: str, allowed: set[str]) -> bool:
    address = _translated(ip_address(text.partition("%")[0]))
    is_public = address.is_global and not address.is_multicast and address not in _SPECIAL
    is_public = is_public and (address.version == 4 or address in _PUBLIC)
    return is_public or any(address in network for network in _networks(allowed))


def _translated(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that a translating network makes of an IPv6 one; any other is itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _networks(allowed: set[str]) -> list[IPv4Network | IPv6Network]:
    """Those of the allowed hosts that are addresses or networks (10.0.0.0/8)."""
    found = []
    for text in allowed:
        with suppress(ValueError):  # a name
            found.append(ip_network(text, strict=False))
    return found
