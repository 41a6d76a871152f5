"""Decides: strategy, ethics, people and learning act on what the floors below measure."""
