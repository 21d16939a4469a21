"""store.url: read, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydro.errors import ConfigError
from storage.store_url import StoreAddress, StoreKind, parse_store_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("influxdb://127.0.0.1:8086/watermaster", StoreAddress("http://127.0.0.1:8086", "watermaster")),
        ("influxdb://db/water", StoreAddress("http://db:8086", "water")),
        ("influxdbs://db.example:443/water", StoreAddress("https://db.example:443", "water")),
        ("influxdb://[::1]:8086/water", StoreAddress("http://[::1]:8086", "water")),
        ("influxdb://db/%E6%B0%B4%20%22", StoreAddress("http://db:8086", '水 "')),
        (
            "influxdbs+v2://db/water?org=%E5%B1%80",
            StoreAddress("https://db:8086", "water", StoreKind.INFLUXDB_2, organization="局"),
        ),
        ("influxdb+v3://db/water", StoreAddress("http://db:8181", "water", StoreKind.INFLUXDB_3)),
    ],
)
def test_addresses(url: str, expected: StoreAddress) -> None:
    assert parse_store_url(url) == expected


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("duckdb", "unknown kind of store 'duckdb'"),
        ("duckdb://host/x", "names a host"),
        ("duckdb:/var/", "with the path of a file"),
        ("duckdb:.", "with the path of a file"),
        ("duckdb:..", "with the path of a file"),
        ("duckdb:a\nb", "with the path of a file"),
        ("influxdb+v2://db:8086/bucket", "isn't of the form influxdb+v2://HOST:PORT/BUCKET?org=ORGANISATION"),
        ("influxdb+v2://db:8086/bucket?org=", "isn't of the form"),
        ("influxdb+v2://db:8086/bucket?org=o&org=p", "isn't of the form"),
        ("influxdb+v2://db:8086/bucket?orgID=o", "isn't of the form"),
        ("influxdb+v2://db:8086/?org=o", "isn't of the form"),
        ("influxdb+v4://db/x", "unknown kind of store 'influxdb+v4'"),
        ("postgres://db/x", "unknown kind of store 'postgres'"),
        ("http://db:8086/x", "unknown kind of store 'http'"),
        ("", "unknown kind of store ''"),
        ("influxdb:", "isn't of the form"),
        ("influxdb://db:8086", "isn't of the form"),
        ("influxdb://db:8086/", "isn't of the form"),
        ("influxdb:///water", "isn't of the form"),
        ("influxdb://db/a/b", "isn't of the form"),
        ("influxdb://db/water?rp=short", "isn't of the form"),
        ("influxdb://db/water#x", "isn't of the form"),
        ("influxdb://db:port/water", "port"),
        ("influxdb://db:99999/water", "ort"),
        ("influxdb://db/a%2Fb", "no database name"),
        ("influxdb://db/..", "no database name"),
        ("influxdb://db/a%00", "no database name"),
    ],
)
def test_mistakes_are_told_in_one_line(url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"^store\.url: ") as raised:
        parse_store_url(url)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_secrets_in_the_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="password_file") as raised:
        parse_store_url("influxdb://me:hunter2@db/water")
    assert "hunter2" not in str(raised.value)


def test_the_password_shows_nowhere() -> None:
    address = parse_store_url("influxdb://db/water", username="me", password="hunter2")
    assert (address.username, address.password) == ("me", "hunter2")
    assert "hunter2" not in f"{address} {address!r}"


@pytest.mark.parametrize(("username", "password"), [("me", None), (None, "x"), ("a:b", "x"), ("", "x")])
def test_credentials_come_in_pairs(username: str | None, password: str | None) -> None:
    with pytest.raises(ConfigError, match=r"store\.username"):
        parse_store_url("influxdb://db/water", username=username, password=password)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("duckdb:", "var/store.duckdb"),
        ("duckdb:/srv/river.duckdb", "/srv/river.duckdb"),
        ("duckdb:///srv/river.duckdb", "/srv/river.duckdb"),
        ("duckdb:river 1%.duckdb", "river 1%.duckdb"),
    ],
)
def test_the_embedded_store_lies_in_data_dir_or_where_the_address_says(url: str, path: str) -> None:
    address = parse_store_url(url, username="-", password="-")
    assert address.embedded
    assert address.path(Path("var"), "store.duckdb") == Path(path)
    assert str(address) == url.replace("//", "", 1)
    assert not parse_store_url("influxdb://db/water").embedded
