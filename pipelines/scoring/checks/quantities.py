"""Quantities that need a unit, units, and units as they are written informally. Data only.

Sources: the SI Brochure (9th edition, 2019) for units and how they are written, ISO 80000 for
names of quantities. Names that are often used without a dimension (intensity, yield, rate, level,
signal, power, absorbance), and latitudes, whose numbers carry the degree, are left out on purpose.
"""

from __future__ import annotations

__all__ = ["INFORMAL_UNITS", "PER_CENT_QUANTITIES", "PLAIN_WORDS", "QUANTITIES", "UNITS"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


QUANTITIES = _words("""
    acceleration area conductance conductivity concentration density depth diameter diffusivity
    displacement distance dose duration energy enthalpy entropy force frequency height inductance
    irradiance length luminance mass molarity momentum period permittivity precipitation pressure
    radius rainfall resistance resistivity speed stress temperature thickness time torque
    velocity viscosity voltage volume wavelength wavenumber weight width
    """) | {
    "blood pressure", "body mass", "body weight", "electric field", "heat capacity",
    "magnetic field", "metabolic rate", "molar mass", "shear stress", "strain rate",
    "surface tension", "thermal conductivity", "wave number",
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
    Gy Sv pc kpc Mpc ly AU au ppm ppb counts px pixels a.u. arb cm-1 cm⁻¹ °N °E °S °W
    """)
"""Units that may follow a name without brackets."""

INFORMAL_UNITS = {
    "sec": "s", "secs": "s", "msec": "ms", "msecs": "ms", "usec": "µs", "hr": "h", "hrs": "h",
    "mins": "min", "kgs": "kg", "mgs": "mg", "gms": "g", "gm": "g", "mtr": "m", "mtrs": "m",
    "kms": "km", "cms": "cm", "mms": "mm", "microns": "µm", "micron": "µm", "degc": "°C",
    "deg c": "°C", "degrees c": "°C", "deg k": "K", "deg. k": "K", "deg. c": "°C",
    "degrees k": "K", "ghz": "GHz", "mhz": "MHz", "khz": "kHz", "hz": "Hz", "mega pascal": "MPa",
    "kilo pascal": "kPa", "mm mercury": "mmHg", "kilogram": "kg", "kilograms": "kg",
    "kiloparsecs": "kpc", "nanometers": "nm", "nanometres": "nm", "millimeters": "mm",
    "millimetres": "mm", "micrometers": "µm", "micrometres": "µm", "meters": "m", "metres": "m",
    "seconds": "s", "hours": "h", "watts": "W", "volts": "V", "joules": "J", "joule": "J",
    "decibels": "dB", "percent": "%", "kelvin": "K", "tesla": "T", "tesla's": "T",
    "pascals": "Pa", "amps": "A", "ohms": "Ω",
}  # fmt: skip
"""How a unit is written informally, lower case -> its symbol."""

PER_CENT_QUANTITIES = _words("""
    accuracy conversion coverage humidity occupancy porosity precision purity recall sensitivity
    specificity survival transmittance
    """)
"""Shares that cannot exceed 100 %."""
