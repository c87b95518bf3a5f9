"""What AWS accepts silently and is probably meant otherwise: conditions to warnings."""
