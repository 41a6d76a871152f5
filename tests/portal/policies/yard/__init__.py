"""An area with one policy."""
