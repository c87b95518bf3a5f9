"""The speed of filterpatterns, compared with hand-written checks and other libraries.

python -m benchmarks            every case, one table
python -m benchmarks --quick    fewer repetitions
pytest benchmarks               the same cases under pytest-benchmark
"""
