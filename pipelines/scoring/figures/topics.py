"""What figures are about: quantities with units, and names, by discipline. Data only."""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "FORMULAS", "FRACTIONS", "MICROSCOPY", "PHASES", "STEPS", "TOPICS", "Quantity", "Topic",
]  # fmt: skip


class Quantity(NamedTuple):
    """Something measured."""

    name: str
    unit: str
    """As the SI writes it."""
    informal: str
    """As it should not be written."""
    low: float
    high: float


class Topic(NamedTuple):
    """Two quantities that belong together, and what is compared."""

    x: Quantity
    y: Quantity
    series: tuple[str, ...]


_TIME = Quantity("Time", "s", "sec.", 0, 60)
_HOURS = Quantity("Time", "h", "hrs", 0, 48)
_TEMPERATURE = Quantity("Temperature", "K", "deg. K", 250, 600)
_FIELD = Quantity("Magnetic field", "T", "Tesla's", 0, 9)

TOPICS: tuple[Topic, ...] = (
    Topic(_TIME, Quantity("Concentration", "mmol/L", "mM per litre", 0, 12),
          ("Control", "Catalyst A", "Catalyst B", "Blank")),
    Topic(_HOURS, Quantity("Optical density", "a.u.", "units", 0, 2.4),
          ("Wild type", "ΔrecA", "Complemented", "Medium")),
    Topic(_TEMPERATURE, Quantity("Heat capacity", "J/(mol K)", "Joule/mol/K", 20, 90),
          ("Sample 1", "Sample 2", "Reference", "Theory")),
    Topic(_FIELD, Quantity("Resistivity", "µΩ cm", "uOhm*cm", 0, 40),
          ("2 K", "10 K", "50 K", "300 K")),
    Topic(Quantity("Distance", "kpc", "kiloparsecs", 0, 30),
          Quantity("Velocity", "km/s", "km per sec", 40, 260),
          ("Observed", "Disk", "Halo", "Total")),
    Topic(Quantity("Dose", "mg/kg", "mgs/kg", 0, 50),
          Quantity("Blood pressure", "mmHg", "mm mercury", 60, 180),
          ("Placebo", "Drug", "Drug and diet", "Diet")),
    Topic(Quantity("Depth", "m", "mtrs", 0, 3000),
          Quantity("Temperature", "°C", "deg C", 2, 28),
          ("Station 1", "Station 2", "Station 3", "Mean")),
    Topic(Quantity("Strain", "%", "percent", 0, 12),
          Quantity("Stress", "MPa", "mega pascal", 0, 640),
          ("Annealed", "As cast", "Rolled", "Model")),
    Topic(Quantity("Frequency", "GHz", "ghz", 1, 40),
          Quantity("Gain", "dB", "decibels", -10, 30),
          ("Simulated", "Measured", "Port 1", "Port 2")),
    Topic(Quantity("Wavelength", "nm", "nanometers", 350, 800),
          Quantity("Absorbance", "a.u.", "abs. units", 0, 1.8),
          ("Dye A", "Dye B", "Mixture", "Solvent")),
    Topic(Quantity("Year", "", "", 1960, 2020),
          Quantity("Rainfall", "mm", "millimetres", 200, 1400),
          ("North", "South", "Coast", "Inland")),
    Topic(Quantity("Body mass", "kg", "kgs", 1, 90),
          Quantity("Metabolic rate", "W", "watts", 2, 110),
          ("Mammals", "Birds", "Reptiles", "Fish")),
)  # fmt: skip
"""Pairs of quantities over the disciplines."""

FRACTIONS: tuple[str, ...] = (
    "Transmittance", "Survival", "Yield", "Conversion", "Relative humidity", "Efficiency",
    "Occupancy", "Sensitivity", "Porosity", "Coverage",
)  # fmt: skip
"""Quantities that cannot leave 0–100 %."""

FORMULAS: tuple[tuple[str, str], ...] = (
    ("E = h c / λ", "E = h λ / c"), ("p V = n R T", "p V = n R / T"), ("F = m a", "F = m / a"),
    ("E = m c²", "E = m c³"), ("v = λ f", "v = λ / f"), ("c₁V₁ = c₂V₂", "c₁/V₁ = c₂V₂"),
    ("ΔG = ΔH − TΔS", "ΔG = ΔH + T/ΔS"), ("U = R I", "U = R / I"), ("ρ = m / V", "ρ = V / m"),
)  # fmt: skip
"""Formulas as they are, and wrong."""

STEPS: tuple[str, ...] = (
    "Sample", "Extraction", "Filtration", "PCR", "Sequencing", "Alignment", "Quantification",
    "Statistics", "Detector", "Laser", "Amplifier", "Reactor", "Pump", "Heat exchanger",
    "Separator", "Product", "Recruited", "Randomised", "Follow-up", "Analysed", "Model",
    "Validation", "Calibration", "Sensor",
)  # fmt: skip
"""Boxes of schemes."""

MICROSCOPY: tuple[tuple[str, str, str], ...] = (
    ("cells", "µm", "km"), ("grains", "µm", "m"), ("fibres", "nm", "cm"), ("particles", "nm", "m"),
)  # fmt: skip
"""Object, unit of its scale bar, and a unit that it cannot have."""

PHASES: tuple[str, ...] = ("Solid", "Liquid", "Gas")
"""Phases from low temperature and high pressure on."""
