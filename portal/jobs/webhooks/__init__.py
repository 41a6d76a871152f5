"""Calling other people's addresses without being led astray: what may be called, and how it is signed."""
