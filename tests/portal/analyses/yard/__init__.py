"""An area with one kind of analysis."""
