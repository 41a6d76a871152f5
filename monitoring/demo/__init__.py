"""The models of the simulated organisation: trained for real, with faults put in on purpose.

``recipes`` says what each model predicts and what goes wrong, ``play`` trains, registers, sends and measures.
"""

from monitoring.demo.play import simulate

__all__ = ["simulate"]
