"""Builds and runs: what happens to data and models before anybody measures or decides."""
