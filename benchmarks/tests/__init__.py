"""The benchmarks under pytest: the engines agree, and pytest-benchmark times them."""
