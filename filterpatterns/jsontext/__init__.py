"""JSON text, read by hand: what the decoders cannot say."""
