"""Whose an address on the wire is: columns go before codes, and devices with channels are known, too."""

from __future__ import annotations

from ingest.addresses import Addresses
from ingest.codecs.framing import Wire
from tests.ingest.example_register import make_register

STATIONS = """station,name,kind,basin,river,division,gateway,interval_min,sl651_address,slt427_address
A,Anshun,section,Wu,Sancha,520103,,5,11223344,
0012345678,Bijie,section,Wu,Liuchong,520103,,5,,
40590235C2,Cengong,intake,Wu,Sancha,520103,,5,0012345678,405902013762
D,Dafang,section,Wu,Sancha,520103,,5,,
"""
CHANNELS = """protocol,address,element,channel,station,quantity
slt427,2320101070,flow,1,D,discharge
slt427,2320101071,flow,1,,
"""


def test_an_address_is_the_columns_first_and_then_the_codes() -> None:
    addresses = Addresses(make_register({"stations": STATIONS}))
    assert addresses.station(Wire.SL651, "0011223344") == "A"
    assert addresses.station(Wire.SLT427, "0011223344") is None
    assert addresses.station(Wire.SL651, "0012345678") == "40590235C2"  # a column says so
    assert addresses.station(Wire.SLT427, "0012345678") == "0012345678"  # a code looks so
    assert addresses.station(Wire.SLT427, "40590235C2") == "40590235C2"  # twelve digits, as people write them


def test_a_station_is_asked_under_its_columns_or_else_under_its_code() -> None:
    addresses = Addresses(make_register({"stations": STATIONS}))
    assert addresses.of("A") == [(Wire.SL651, "0011223344")]
    assert addresses.of("40590235C2") == [(Wire.SL651, "0012345678"), (Wire.SLT427, "40590235C2")]
    assert addresses.of("0012345678") == [(Wire.SL651, "0012345678"), (Wire.SLT427, "0012345678")]
    assert addresses.of("D") == []
    assert addresses.of("nobody") == []


def test_a_device_whose_channels_are_stations_is_known_though_it_is_none_itself() -> None:
    addresses = Addresses(make_register({"stations": STATIONS, "channels": CHANNELS}))
    assert addresses.station(Wire.SLT427, "2320101070") is None
    assert addresses.is_known(Wire.SLT427, "2320101070")
    assert not addresses.is_known(Wire.SL651, "2320101070")
    assert not addresses.is_known(Wire.SLT427, "2320101071")  # left out, not given to anybody
