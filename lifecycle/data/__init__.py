"""What goes into models? Declared schemas, and their enforcement where data comes in (M3)."""
