"""Pages of costs: a month and who bears it, bills, rules, budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.dateformat import format as written
from django.utils.functional import cached_property

from costs.forms import BudgetForm, ImportForm, RulesForm, bearers_of
from costs.loading import being_loaded
from costs.models import Bill, Budget, Method, RuleSet
from costs.selectors import (
    COLUMNS,
    budgets_for,
    home_currency,
    is_whole,
    months_for,
    other_currencies,
    spend_by_month,
    tags_of,
    totals,
    units_of,
    utc_today,
)
from costs.services.allocation import allocate_bill
from costs.services.book import rules_of
from costs.services.budgets import set_budget
from costs.services.rules import drafts_of, set_rules
from costs.services.uploads import receive_bill
from costs.standing import standings
from costs.statement import Line, Statement, spend_bars, statement
from costs.whatif import WHAT_IFS, Answer, WhatIf
from portal.errors import Denied, Missing
from portal.findings.models import Finding
from portal.jobs.models import Run
from portal.registry.models import System
from portal.rights import may
from portal.web.figures import day, money, pct
from portal.web.forms import ReasonForm
from portal.web.pages import FormPage, Page
from portal.web.parts import Crumb, Fact

INSTANT = timedelta(microseconds=1)
"""A bill that ends at midnight covers the day before."""
SHOWN = 6
KINDS = ("costs.budget", "costs.orphans")


class AboutCosts(Page):
    """A page below /costs/."""

    nav = "costs:costs"

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Costs", reverse("costs:costs")), Crumb(str(self.title)))


class CostsPage(Page):
    """A month's bills: who bears them, how they stand against the budget, what to answer."""

    does = "costs.read"
    title = "Costs"
    template_name = "costs/costs.html"

    @cached_property
    def currency(self) -> str:
        return home_currency()

    @cached_property
    def months(self) -> list[date]:
        return months_for(self.person, self.currency)

    @cached_property
    def statement(self) -> Statement | None:
        wanted = self.request.GET.get("month", "")
        chosen = next((month for month in self.months if f"{month:%Y-%m}" == wanted), None)
        period = chosen or (self.months[0] if self.months else None)
        return statement(self.person, period, self.currency) if period else None

    def heading(self) -> str:
        return self.statement.heading if self.statement else "No bill has come yet"

    def summary(self) -> str:
        found = self.statement
        if found is None:
            return "Costs begin with a FOCUS export of any cloud provider, brought here or through the API."
        said = f"{money(found.total.billed, found.currency, 0)} billed"
        if not found.complete and found.until is not None:
            said += f" until {day((found.until - INSTANT).date())}"
        if found.total.standing is not None:
            said += f" of a budget of {money(found.total.standing.budget.amount, found.currency)}"
        if found.unallocated is None or not found.unallocated.billed:
            return f"{said}."
        rest = money(found.unallocated.billed, found.currency, 0)
        return f"{said}. {rest}, {pct(found.unallocated_share, 1)} of the bill, has no owner yet."

    def context(self) -> Mapping[str, Any]:
        found = self.statement
        shared = {
            "may_import": may(self.person, "costs.import") and is_whole(self.person, "costs.import"),
            "may_see_bills": may(self.person, "costs.bills.read"),
            "may_budget": may(self.person, "costs.budget"),
        }
        if found is None:
            return shared
        findings = Finding.objects.visible_to(self.person).unclosed().filter(kind__in=KINDS)
        return {
            **shared,
            "statement": found,
            "months": [(f"{month:%Y-%m}", written(month, "M Y")) for month in self.months],
            "month": f"{found.period:%Y-%m}",
            "bars": spend_bars(spend_by_month(self.person, self.currency), self.currency),
            "findings": findings.order_by("-opened_at")[:SHOWN],
            "findings_count": findings.count(),
            "others": other_currencies(self.person, self.currency, found.period),
        }


class Bills(AboutCosts):
    """Every imported bill."""

    does = "costs.bills.read"
    title = "Bills"
    template_name = "costs/bills.html"

    def summary(self) -> str:
        return "A bill is known by its content: the same file again adds nothing."

    def context(self) -> Mapping[str, Any]:
        whole = is_whole(self.person, "costs.bills.read")
        return {
            "bills": Bill.objects.select_related("imported_by")[:200] if whole else (),
            "loading": being_loaded() if whole else (),
            "may_import": may(self.person, "costs.import"),
        }


class AboutBill(AboutCosts):
    """A page about the bill of the address."""

    @cached_property
    def bill(self) -> Bill:
        found = Bill.objects.select_related("imported_by", "replaced_by").filter(pk=self.kwargs["pk"]).first()
        if found is None or not is_whole(self.person, "costs.bills.read"):
            raise Missing
        return found

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb("Costs", reverse("costs:costs")),
            Crumb("Bills", reverse("costs:bills")),
            Crumb(self.bill.name, reverse("costs:bill", args=[self.bill.pk])),
        )


class BillPage(AboutBill):
    """One bill, summed by any column or tag, and how it was split."""

    does = "costs.bills.read"
    template_name = "costs/bill.html"

    def heading(self) -> str:
        return self.bill.name

    def summary(self) -> str:
        if self.bill.replaced_by is None:
            return ""
        return f"Replaced by {self.bill.replaced_by}: its lines are kept and no longer count."

    def facts(self) -> Sequence[Fact]:
        bill = self.bill
        return (
            Fact("Billed", money(bill.billed, bill.currency, 2)),
            Fact("Effective", money(bill.effective, bill.currency, 2)),
            Fact("Lines", bill.rows),
            Fact("Covered until", day(bill.covers)),
            Fact("Imported", day(bill.imported_at.date()), str(bill.imported_by or "")),
        )

    def context(self) -> Mapping[str, Any]:
        by = self.request.GET.get("by", "ServiceProviderName")
        rows = totals(self.bill, by)
        return {
            "bill": self.bill,
            "by": by,
            "columns": [(name, name) for name in dict.fromkeys((*COLUMNS, *tags_of(self.bill), by))],
            "totals": rows[:100],
            "count": len(rows),
            "allocations": self.bill.allocations.select_related("made_by"),
            "may_restate": may(self.person, "costs.rules"),
        }


class RestateBill(AboutBill, FormPage):
    """Split a bill again by the rules now in force."""

    does = "costs.rules"
    title = "Split again"
    form_class = ReasonForm
    submit = "Split again"

    def summary(self) -> str:
        return "The rules now in force are asked again. The earlier split is kept and no longer counts."

    def perform(self, form: Any) -> str:
        allocate_bill(self.bill, actor=self.person, **form.cleaned_data)
        return reverse("costs:bill", args=[self.bill.pk])


class ImportPage(AboutCosts, FormPage):
    """Bring a FOCUS file."""

    does = "costs.import"
    title = "Import a bill"
    form_class = ImportForm
    submit = "Import bill"

    def summary(self) -> str:
        return "A file that is known already adds nothing. Whatever is wrong is named by row and column."

    def form_arguments(self) -> Mapping[str, Any]:
        bills = Bill.objects.valid() if is_whole(self.person, self.does) else ()
        return {"bills": [(bill.pk, f"{bill.name}, {bill.last_period:%Y-%m}") for bill in bills[:100]]}

    def perform(self, form: Any) -> str:
        if not is_whole(self.person, self.does):
            raise Denied("A bill is imported by somebody who may do so for the whole organisation.")
        upload = form.cleaned_data["file"]
        replaced = form.cleaned_data["replaces"]
        replaces = Bill.objects.valid().get(pk=replaced) if replaced else None
        self.found = receive_bill(upload, name=upload.name, actor=self.person, replaces=replaces)
        if isinstance(self.found, Run):
            return self.found.get_absolute_url()
        if may(self.person, "costs.bills.read"):
            return reverse("costs:bill", args=[self.found.bill.pk])
        return reverse("costs:costs")

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        if isinstance(self.found, Run):
            return "The bill is kept. This run loads it."
        return f"{self.found.bill.rows} lines stored." if self.found.added else "This bill was known already."


class RulesPage(AboutCosts):
    """The rules in force, and every set before them."""

    does = "costs.read"
    title = "Allocation rules"
    template_name = "costs/rules.html"

    def summary(self) -> str:
        return (
            "For each charge rules are asked from tags to shared costs; the first that fits decides. "
            "What none fits stays visible as unallocated."
        )

    def context(self) -> Mapping[str, Any]:
        current = rules_of(utc_today().replace(day=1))
        drafts = drafts_of(current) if current else []
        drafts.sort(key=lambda draft: list(Method).index(draft.method))
        return {
            "current": current,
            "rules": [(draft, draft.method.label, bearers_of(draft)) for draft in drafts],
            "sets": RuleSet.objects.select_related("set_by")[:50],
            "may_set": may(self.person, "costs.rules"),
        }


class SetRules(AboutCosts, FormPage):
    """Put another set of rules in force."""

    does = "costs.rules"
    title = "Change the rules"
    form_class = RulesForm
    submit = "Put in force"

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb("Costs", reverse("costs:costs")),
            Crumb("Allocation rules", reverse("costs:rules")),
            Crumb(str(self.title)),
        )

    def summary(self) -> str:
        return "Bills that are split already stay so until somebody splits them again, for a reason."

    @cached_property
    def newest(self) -> RuleSet | None:
        return RuleSet.objects.first()

    def form_arguments(self) -> Mapping[str, Any]:
        return {
            "drafts": drafts_of(self.newest) if self.newest else [],
            "units": list(units_of(self.person, self.does)),
            "systems": list(System.objects.visible_to(self.person, self.does).filter(unassigned=False)),
        }

    def initial(self) -> Mapping[str, Any]:
        kept = self.newest.rules.count() if self.newest else 0
        return {"keep": [str(place) for place in range(kept)], "starts_on": utc_today().replace(day=1)}

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        set_rules(data["rules"], starts_on=data["starts_on"], reason=data["reason"], actor=self.person)
        return reverse("costs:rules")

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return "The rules are in force."


class Budgets(AboutCosts):
    """Budgets in force, and how they stand."""

    does = "costs.read"
    title = "Budgets"
    template_name = "costs/budgets.html"

    def context(self) -> Mapping[str, Any]:
        today = utc_today()
        rows = standings(budgets_for(self.person).in_force(today), today)
        lines = [Line(str(row.budget), row.spent, row.forecast, None, standing=row) for row in rows]
        past: Any = budgets_for(self.person).filter(ends_on__lte=today)[:50]
        return {"lines": lines, "past": past, "may_budget": may(self.person, "costs.budget")}


class SetBudget(AboutCosts, FormPage):
    """Set a budget; the one before it ends."""

    does = "costs.budget"
    title = "Set a budget"
    form_class = BudgetForm
    submit = "Set budget"

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb("Costs", reverse("costs:costs")),
            Crumb("Budgets", reverse("costs:budgets")),
            Crumb(str(self.title)),
        )

    def form_arguments(self) -> Mapping[str, Any]:
        return {
            "units": list(units_of(self.person, self.does)),
            "systems": list(System.objects.visible_to(self.person, self.does).filter(unassigned=False)),
        }

    def initial(self) -> Mapping[str, Any]:
        return {"currency": home_currency(), "starts_on": utc_today().replace(day=1)}

    def perform(self, form: Any) -> str:
        data = dict(form.cleaned_data)
        subject = data.pop("subject")
        self.made: Budget = set_budget(subject, actor=self.person, **data)
        return reverse("costs:budgets")

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return f"The budget of {self.made} is set."


class WhatIfPage(AboutCosts):
    """A what-if by the facts in the address; without any, the worked example."""

    does = "costs.read"
    template_name = "costs/what_if.html"

    @cached_property
    def form(self) -> WhatIf:
        kind = WHAT_IFS[self.kwargs["kind"]]
        example = {name: field.initial for name, field in kind.base_fields.items()}
        return kind(self.request.GET or example)

    @cached_property
    def answer(self) -> Answer | None:
        if not self.form.is_valid():
            return None
        try:
            return self.form.answer()
        except ValueError as error:
            self.form.add_error(None, str(error))
            return None

    def heading(self) -> str:
        return self.form.title

    def summary(self) -> str:
        return self.form.about

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Costs", reverse("costs:costs")), Crumb(self.form.title))

    def context(self) -> Mapping[str, Any]:
        return {"answer": self.answer, "form": self.form}
