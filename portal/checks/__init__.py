"""Runs a declared check: readings by the policy in force, then samples, then findings, in one commit."""
