"""Arithmetic used by two or more areas: numbers in, frozen dataclasses out, no framework.

Nothing here returns NaN: what is undefined is None. Nothing here gives a verdict: the policy in force does.
"""
