"""The words of the house: frozen data types, errors, study presets, migrations. No I/O."""
