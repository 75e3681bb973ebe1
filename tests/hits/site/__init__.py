"""A small site that records hits into every kind of storage; run by the chaos test and the benchmarks."""
