"""JSON text, read by hand where the decoders cannot answer."""
