"""What figures are about: quantities with units, and names, by discipline. Data only."""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "COHORTS", "DERIVATIONS", "FORMULAS", "FRACTIONS", "MICROSCOPY", "PHASES", "SPECIES",
    "STEPS", "TOPICS", "Quantity", "Topic",
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

COHORTS: tuple[tuple[str, ...], ...] = (
    ("Placebo", "Drug", "Drug and diet"), ("Low risk", "Medium risk", "High risk"),
    ("Stage I", "Stage II", "Stage III"), ("Coated", "Uncoated", "Reference"),
)  # fmt: skip
"""Groups that are followed over time."""

SPECIES: tuple[str, ...] = (
    "E. coli", "S. enterica", "B. subtilis", "S. aureus", "P. putida", "V. cholerae", "T. maritima",
    "M. leprae", "H. pylori", "S. pombe", "A. niger", "N. crassa", "D. rerio", "X. laevis",
    "M. musculus", "G. gallus",
)  # fmt: skip
"""Leaves of trees."""

DERIVATIONS: tuple[tuple[tuple[str, str], ...], ...] = (
    ((r"E = h \nu", r"E = h / \nu"), (r"\nu = c / \lambda", r"\nu = c \lambda"),
     (r"E = \frac{h c}{\lambda}", r"E = \frac{h \lambda}{c^3}"),
     (r"p = \frac{E}{c} = \frac{h}{\lambda}", r"p = E c = h \lambda")),
    ((r"F = m\, \frac{d v}{d t}", r"F = \frac{d t}{m\, d v}"),
     (r"v(t) = v_0 + \frac{F}{m}\, t", r"v(t) = v_0\, t - \frac{m}{F}"),
     (r"x(t) = x_0 + v_0 t + \frac{F}{2 m} t^2", r"x(t) = x_0 + v_0 t^3 + \frac{2 m}{F} t"),
     (r"E_k = \frac{1}{2} m v^2", r"E_k = 2 m v^3")),
    ((r"\nabla \cdot \mathbf{E} = \frac{\rho}{\varepsilon_0}",
      r"\nabla \cdot \mathbf{E} = \rho\, \varepsilon_0^2"),
     (r"\nabla \cdot \mathbf{B} = 0", r"\nabla \cdot \mathbf{B} = 1"),
     (r"\nabla \times \mathbf{E} = -\frac{\partial \mathbf{B}}{\partial t}",
      r"\nabla \times \mathbf{E} = +\mathbf{B}\, t"),
     (r"\oint \mathbf{B} \cdot d\mathbf{l} = \mu_0 I", r"\oint \mathbf{B} = \mu_0 / I")),
    ((r"\int_0^{\infty} e^{-a x}\, dx = \frac{1}{a}", r"\int_0^{\infty} e^{-a x}\, dx = a^2"),
     (r"\Gamma(n + 1) = n\, \Gamma(n)", r"\Gamma(n + 1) = \Gamma(n) / n"),
     (r"\sum_{k=0}^{\infty} q^k = \frac{1}{1 - q}", r"\sum_{k=0}^{\infty} q^k = 1 - q"),
     (r"\sqrt{a^2 b} = a \sqrt{b}", r"\sqrt{a^2 b} = b \sqrt{a}")),
)  # fmt: skip
"""Lines of equations for typesetting, each as it is, and wrong."""
