"""Build or buy: what each option is worth today, and what that hangs on. No Django.

Amounts are in the currency of the inputs, rates and shares run from 0 to 1. Everything is computed in exact
fractions and rounded once, half to even, to a hundredth of the currency: no order of flows and no machine
changes a digit.

Sources: net present value as in Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2. Risk
enters the flows by their expected values, benefits times the chance that they come, costs with the overrun
of comparable projects (Flyvbjerg, 2006), and not the discount rate a second time. Cost of delay as in
Reinertsen, The Principles of Product Development Flow, 2009.
"""

from governance.strategy.calc.comparing import Comparison, RatePoint, Turn, compare
from governance.strategy.calc.options import BuildOrBuy, Option, Way
from governance.strategy.calc.running import billed_share, expected_cost, year_start
from governance.strategy.calc.sensitivity import Sensitivity, sensitivity
from governance.strategy.calc.worth import Flow, Worth, flows_of, pays_back, present_value, worth

__all__ = [
    "BuildOrBuy",
    "Comparison",
    "Flow",
    "Option",
    "RatePoint",
    "Sensitivity",
    "Turn",
    "Way",
    "Worth",
    "billed_share",
    "compare",
    "expected_cost",
    "flows_of",
    "pays_back",
    "present_value",
    "sensitivity",
    "worth",
    "year_start",
]
