"""Bytes in and bytes out: streams, files, processes."""
