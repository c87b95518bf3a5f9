"""What a pattern means for a record: conditions to match tree to verdict; the reference."""
