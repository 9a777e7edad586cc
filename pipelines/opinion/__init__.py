"""Opinion statistics: ratings in, mean opinion scores, screening and agreement out.

Pure functions on integer-coded ratings (`table`); every convention is an option with a
documented default (`options`, docs/statistics.md).
"""
