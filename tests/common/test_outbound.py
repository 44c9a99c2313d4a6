"""Addresses that the server may be sent to."""

from typing import Any

import pytest

from common.errors import Invalid
from common.outbound import check_url


@pytest.mark.parametrize(
    "url",
    ["https://8.8.8.8/v1", "http://1.1.1.1:8080", "https://[2606:4700:4700::1111]/v1", "https://nowhere.invalid/v1"],
)
def test_public_addresses_pass(url: str) -> None:
    assert check_url(f" {url} ", "baseURL") == url


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "localhost",
        "LOCALHOST.",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.0.192",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b:1::7f00:1]",
        "[fec0::1]",
    ],
)
def test_private_ones_are_refused_however_they_are_spelt(host: str) -> None:
    with pytest.raises(Invalid, match="PROMPTLAB_PRIVATE_HOSTS") as refusal:
        check_url(f"http://{host}:11434/v1", "baseURL")
    assert refusal.value.field == "baseURL"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com/v1",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://8.8.8.8:99999",
        "https://8.8.8.8:0",
        "https://[::1",
        "https://8.8.8.8/a b",
        "https://8.8.8.8/\nx",
        "https://8.8.8.8/\0",
        "https://\ud800.example",
        "https://me:secret@8.8.8.8/v1",
        "http://%31%32%37.0.0.1/",
        "http://localhost%00.example.com/",
        "http://[fe80::1%25eth7]/",
        "https://8.8.8.8/" + "a" * 2000,
    ],
)
def test_nonsense_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, "baseURL")


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "localhost", "LocalHost"])
def test_the_instance_s_admin_allows_hosts(settings: Any, allowed: str) -> None:
    settings.PRIVATE_HOSTS = ["10.0.0.0/8", allowed]
    assert check_url("http://localhost:11434/v1", "baseURL")
    with pytest.raises(Invalid):
        check_url("http://192.168.1.1/v1", "baseURL")
