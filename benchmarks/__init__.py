"""How fast filterpatterns is, next to what one would write or install instead.

python -m benchmarks            every case, one table
python -m benchmarks --quick    fewer repetitions
pytest benchmarks               the same cases under pytest-benchmark
"""
