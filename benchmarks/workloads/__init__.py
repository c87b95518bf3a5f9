"""The workloads: records, patterns, and hand-written checks."""
