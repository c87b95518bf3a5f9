"""What the emulators of AWS have in common: replaced functions, and filters as they want them."""
