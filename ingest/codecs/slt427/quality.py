"""Water-quality parameters: five bytes of bitmap, then a packed decimal for each set bit, lowest bit first.

The two profiles order the parameters differently and no public frame settles it: the order belongs to the profile.

Source: SZY206: enumeration of ``zhujinghuic/zjh-thingsboard``; SL/T 427-2021: table 18, as in ``wainshine/SL651``.
"""

from __future__ import annotations

from typing import Final

from ingest.codecs.slt427.header import Profile
from ingest.codecs.slt427.numbers import Bcd

__all__ = ["PARAMETERS", "parts_of"]

_SIZE: Final = 4


def _of(name: str, decimals: int, unit: str = "mg/L", size: int = _SIZE) -> Bcd:
    return Bcd(name, size, decimals, unit)


_TEMPERATURE: Final = _of("water_temp_C", 1, "degC")
_PH: Final = _of("ph", 2, "")
_OXYGEN: Final = _of("dissolved_oxygen_mg_L", 2)
_PERMANGANATE: Final = _of("permanganate_mg_L", 2)
_CONDUCTIVITY: Final = _of("conductivity_uS_cm", 0, "uS/cm")
_TURBIDITY: Final = _of("turbidity_NTU", 0, "NTU")
_COD: Final = _of("cod_mg_L", 1)
_BOD: Final = _of("bod5_mg_L", 1)
_AMMONIA: Final = _of("ammonia_mg_L", 2)
_NITROGEN: Final = _of("total_nitrogen_mg_L", 2)
_PHOSPHORUS: Final = _of("total_phosphorus_mg_L", 3)
_COPPER: Final = _of("copper_mg_L", 4)
_ZINC: Final = _of("zinc_mg_L", 4)
_FLUORIDE: Final = _of("fluoride_mg_L", 2)
_SELENIUM: Final = _of("selenium_mg_L", 5)
_ARSENIC: Final = _of("arsenic_mg_L", 5)
_MERCURY: Final = _of("mercury_mg_L", 5)
_CADMIUM: Final = _of("cadmium_mg_L", 5)
_CHROMIUM: Final = _of("chromium6_mg_L", 3)
_LEAD: Final = _of("lead_mg_L", 5)
_CYANIDE: Final = _of("cyanide_mg_L", 3)
_VOLATILE_PHENOL: Final = _of("volatile_phenol_mg_L", 3)
_SULPHIDE: Final = _of("sulphide_mg_L", 3)
_SULPHATE: Final = _of("sulphate_mg_L", 2)
_CHLORIDE: Final = _of("chloride_mg_L", 2)
_NITRATE: Final = _of("nitrate_mg_L", 2)
_IRON: Final = _of("iron_mg_L", 2)
_MANGANESE: Final = _of("manganese_mg_L", 2)
_PETROLEUM: Final = _of("petroleum_mg_L", 2)
_SURFACTANT: Final = _of("surfactant_mg_L", 2)
_CHLOROPHYLL: Final = _of("chlorophyll_ug_L", 3, "ug/L")

PARAMETERS: Final[dict[Profile, tuple[Bcd, ...]]] = {
    Profile.SZY206: (
        _TEMPERATURE,
        _PH,
        _OXYGEN,
        _PERMANGANATE,
        _CONDUCTIVITY,
        _of("redox_mV", 1, "mV"),
        _TURBIDITY,
        _COD,
        _BOD,
        _AMMONIA,
        _NITROGEN,
        _COPPER,
        _ZINC,
        _FLUORIDE,
        _SELENIUM,
        _ARSENIC,
        _MERCURY,
        _CADMIUM,
        _CHROMIUM,
        _LEAD,
        _CYANIDE,
        _VOLATILE_PHENOL,
        _of("phenol_mg_L", 2),
        _SULPHIDE,
        _of("faecal_coliform_L", 0, "1/L", 5),  # ten digits
        _SULPHATE,
        _CHLORIDE,
        _NITRATE,
        _IRON,
        _MANGANESE,
        _PETROLEUM,
        _SURFACTANT,
        _of("bhc_mg_L", 6),
        _of("ddt_mg_L", 6),
        _of("organochlorine_mg_L", 6),
        _PHOSPHORUS,
        _CHLOROPHYLL,
    ),
    Profile.SLT427_2021: (
        _TEMPERATURE,
        _PH,
        _OXYGEN,
        _CONDUCTIVITY,
        _TURBIDITY,
        _PERMANGANATE,
        _AMMONIA,
        _PHOSPHORUS,
        _NITROGEN,
        _CHLOROPHYLL,
        _COD,
        _BOD,
        _COPPER,
        _ZINC,
        _FLUORIDE,
        _SELENIUM,
        _ARSENIC,
        _MERCURY,
        _CADMIUM,
        _CHROMIUM,
        _LEAD,
        _CYANIDE,
        _VOLATILE_PHENOL,
        _PETROLEUM,
        _SURFACTANT,
        _SULPHIDE,
        _of("faecal_coliform_L", 0, "1/L"),
        _SULPHATE,
        _CHLORIDE,
        _NITRATE,
        _IRON,
        _MANGANESE,
    ),
}
"""Parameter of each bit, lowest first. Decimals of SL/T 427-2021 are those that SZY206 gives the same parameter."""


def parts_of(bitmap: int, profile: Profile) -> tuple[Bcd, ...]:
    """The numbers that follow a bitmap; a bit without meaning stands for four bytes of unknown scale."""
    known = PARAMETERS[profile]
    return tuple(
        known[bit] if bit < len(known) else Bcd(f"parameter_{bit}", _SIZE, 0, "")
        for bit in range(40)
        if bitmap >> bit & 1
    )
