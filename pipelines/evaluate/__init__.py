"""The official scores of the benchmarks, every convention in its own unit.

One file per track: `siqa_s`, `siqa_u`, `isrgq`, `medq`, `qbench`, `regions`.
"""
