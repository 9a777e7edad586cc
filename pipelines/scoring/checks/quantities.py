"""Quantities that need a unit, units, and units as they are written informally. Data only.

Sources: the SI Brochure (9th edition, 2019) for units and how they are written, ISO 80000 for
names of quantities. Names that are also used of numbers are left out on purpose: intensity, rate,
power, density and frequency (of counts), distance and height (of clusters), depth, length and
width (of networks and sequences), weight, momentum, entropy, resistance, latitude.
"""

from __future__ import annotations

__all__ = [
    "INFORMAL_UNITS",
    "PER_CENT_QUANTITIES",
    "PLAIN_WORDS",
    "QUANTITIES",
    "SPELLED_UNITS",
    "UNITS",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


QUANTITIES = _words("""
    acceleration area concentration conductance conductivity diameter diffusivity displacement dose
    duration energy enthalpy force inductance irradiance luminance mass molarity period permittivity
    precipitation pressure radius rainfall resistivity speed temperature thickness time torque
    velocity viscosity voltage wavelength wavenumber
    """) | {
    "blood pressure", "body height", "body mass", "body weight", "current density",
    "electric field", "electrical resistance", "focal length", "heat capacity", "magnetic field",
    "mass density", "metabolic rate", "molar mass", "path length", "resonance frequency",
    "sampling frequency", "shear stress", "strain rate", "surface tension", "tensile stress",
    "thermal conductivity", "water depth", "wave height", "wave number",
}  # fmt: skip
"""Names of quantities that have a dimension, lower case."""

PLAIN_WORDS = _words("""
    air ambient annual applied atmospheric average axial cell core critical daily elapsed exposure
    film flow fluid gas grain ground heating incubation inlet input kinetic maximum mean measured
    median melting minimum monthly observed outlet output particle photon potential radial
    reaction room sample sea simulation substrate surface tensile total water wind
    """)
"""Words that may stand before such a name without making it a number."""

UNITS = _words("""
    s ms µs us ns ps fs min h d a yr m km cm mm µm um nm pm Å g kg mg µg ug t mol mmol µmol K °C C
    °F A mA µA V mV kV µV W mW kW MW J kJ MJ eV keV MeV GeV N kN mN Pa kPa MPa GPa hPa bar mbar
    mmHg Hz kHz MHz GHz THz T mT G Ω kΩ F pF L l mL ml µL M mM µM nM dB % ° deg rad sr lx cd lm Bq
    Gy Sv pc kpc Mpc ly AU au ppm ppb px a.u.
    """)
"""Symbols of units, with the prefixes that are usual."""

INFORMAL_UNITS = {
    "sec": "s", "secs": "s", "msec": "ms", "msecs": "ms", "usec": "µs", "hr": "h", "hrs": "h",
    "mins": "min", "kgs": "kg", "mgs": "mg", "gms": "g", "gm": "g", "mtr": "m", "mtrs": "m",
    "kms": "km", "cms": "cm", "mms": "mm", "microns": "µm", "micron": "µm", "degc": "°C",
    "deg c": "°C", "deg. c": "°C", "deg k": "K", "deg. k": "K", "degrees k": "K", "hz": "Hz",
    "khz": "kHz", "mhz": "MHz", "ghz": "GHz", "mega pascal": "MPa", "kilo pascal": "kPa",
    "kilo ev": "keV", "mm mercury": "mmHg", "amps": "A", "tesla's": "T",
}  # fmt: skip
"""How a unit is abbreviated informally, lower case -> its symbol."""

SPELLED_UNITS = {
    "joule": "J", "joules": "J", "watt": "W", "watts": "W", "volt": "V", "volts": "V",
    "second": "s", "seconds": "s", "hour": "h", "hours": "h", "litre": "L", "liter": "L",
    "metre": "m", "meter": "m", "metres": "m", "meters": "m", "kelvin": "K",
}  # fmt: skip
"""Names of units that stand well alone, and not beside symbols in one product or quotient."""

PER_CENT_QUANTITIES = _words("""
    accuracy conversion coverage humidity porosity purity recall sensitivity specificity survival
    transmittance
    """)
"""Shares that cannot exceed 100 %."""
