"""Optional connections to other systems: data frames, databases, emulators, editors, SQS."""
