"""Pages of runs and of what is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.audit.timeline import timeline_of
from portal.errors import Missing
from portal.jobs import selectors, services
from portal.jobs.forms import RunForm, TargetForm
from portal.jobs.kinds import kind_of
from portal.jobs.models import UNSUCCESSFUL, AllowedTarget, Channel, Delivery, DeliveryState, Run, RunState
from portal.jobs.services import outbox
from portal.jobs.tables import DeliveryFilter, DeliveryTable, RunFilter, RunTable
from portal.jobs.webhooks.call import secret_of
from portal.jobs.words import DELIVERY_WORDS, OUTCOME_WORDS, RUN_WORDS, span, window_words
from portal.rights import may
from portal.web import figures
from portal.web.forms import ReasonForm
from portal.web.pages import ActionView, FormPage, ListPage, Page
from portal.web.parts import Crumb, Empty, Fact, SavedView

SHORTEST_LOOK, LONGEST_LOOK = 2, 10
"""Seconds between two looks at a run under way; each look waits longer than the one before."""
Text = str | Promise


class Runs(ListPage):
    """Every run a person may see, the newest first."""

    does = "jobs.read"
    title = gettext_lazy("Runs")
    template_name = "jobs/runs.html"
    table_class = RunTable
    filterset_class = RunFilter
    noun = (gettext_lazy("run"), gettext_lazy("runs"))

    def rows(self) -> Any:
        return selectors.runs_for_list(self.request.user).defer("result")  # type: ignore[arg-type]

    @cached_property
    def health(self) -> selectors.Health:
        return selectors.health_of(Run.objects.visible_to(self.request.user))  # type: ignore[arg-type]

    def heading(self) -> Text:
        failed = self.health.unsuccessful
        if failed:
            return ngettext("%d run needs attention", "%d runs need attention", failed) % failed
        if self.health.stuck:
            return _("Runs wait and nobody does them")
        return _("No run needs attention")

    def summary(self) -> str:
        health = self.health
        workers = ngettext("%d worker is alive", "%d workers are alive", health.workers) % health.workers
        told = {"workers": workers, "running": health.running, "waiting": health.waiting}
        if health.oldest is None:
            return _("%(workers)s, %(running)s runs at work, none due.") % told
        told["since"] = span(health.oldest)
        return _("%(workers)s, %(running)s at work, %(waiting)s waiting, the longest for %(since)s.") % told

    def views(self) -> Sequence[SavedView]:
        return (
            SavedView(_("All"), ""),
            SavedView(_("Need attention"), "attention=true", self.health.unsuccessful),
            SavedView(_("At work"), f"state={RunState.RUNNING}", self.health.running),
        )

    def empty(self) -> Empty:
        return Empty(_("No runs yet"), _("Jobs run on their schedule, and whenever new data asks for one."))

    def context(self) -> Mapping[str, Any]:
        return {"may_run": may(self.request.user, "jobs.run")}


class RunPage(Page):
    """One run: how far it is, what became of it, and every attempt."""

    does = "jobs.read"
    nav = "jobs:runs"
    template_name = "jobs/run.html"
    fragment_name = "jobs/live.html"

    @cached_property
    def run(self) -> Run:
        return selectors.run_numbered(self.request.user, self.kwargs["number"], "jobs.read")  # type: ignore[arg-type]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The page. Its live part, once the run has ended, asks for the whole page anew."""
        response = super().get(request, *args, **kwargs)
        if self.wants_fragment and self.run.ended:
            response.headers["HX-Refresh"] = "true"
        return response

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Runs"), reverse("jobs:runs")), Crumb(_("Run %(number)s") % {"number": self.run.pk}))

    def heading(self) -> str:
        run = self.run
        about = " ".join(filter(None, [run.variant, run.subject_name]))
        return f"{run.title}: {about}" if about else run.title

    def summary(self) -> str:
        run = self.run
        if run.dismissed_at:
            return _("%(person)s dismissed it: %(reason)s") % {
                "person": run.dismissed_by,
                "reason": run.dismissed_reason,
            }
        return run.message if run.state == RunState.SKIPPED else ""

    def facts(self) -> Sequence[Fact]:
        run = self.run
        tone, word = RUN_WORDS[RunState(run.state)]
        system = run.system
        return (
            Fact(_("State"), word, tone=tone),
            Fact(_("Window"), window_words(run.window), _("revision %(n)s") % {"n": run.revision}),
            Fact(_("System"), system or figures.MISSING, url=system.get_absolute_url() if system else ""),
            Fact(_("Asked for"), figures.moment(run.created_at), _by(run)),
            Fact(_("Took") if run.ended else _("At work for"), span(selectors.duration_of(run))),
            Fact(_("Attempts"), run.attempt),
        )

    def context(self) -> Mapping[str, Any]:
        run, user = self.run, self.request.user
        may_replay = selectors.may_act_on(user, run, "jobs.replay")  # type: ignore[arg-type]
        look = _looked_after(self.request)
        return {
            "run": run,
            "job": replace(selectors.job_view(run), fragment_url=""),  # the live part renders it again
            "look": look,
            "next_look": min(LONGEST_LOOK, look + SHORTEST_LOOK),
            "attempts": [(row, *OUTCOME_WORDS[row.outcome]) for row in run.attempts.all()],
            "counts": [(name.replace("_", " ").capitalize(), value) for name, value in run.counts.items()],
            "result": selectors.result_text(run),
            "may_replay": may_replay and run.state != RunState.RUNNING,
            "may_dismiss": may_replay and run.state in UNSUCCESSFUL and not run.dismissed_at,
            "events": timeline_of(run),
        }


def _by(run: Run) -> str:
    return _("by %(person)s") % {"person": run.requested_by} if run.requested_by else _("by the schedule")


def _looked_after(request: HttpRequest) -> int:
    """How many seconds the page waited before this look."""
    given = request.GET.get("delay", "")
    asked = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else SHORTEST_LOOK
    return min(LONGEST_LOOK, max(SHORTEST_LOOK, asked))


class Progress(Page):
    """The progress of a run for any page that shows one: renders itself again until the run has ended."""

    does = "jobs.read"
    title = gettext_lazy("Progress")
    nav = "jobs:runs"
    template_name = "jobs/progress.html"

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        run = selectors.run_numbered(request.user, self.kwargs["number"], self.does)  # type: ignore[arg-type]
        job = selectors.job_view(run, delay=_looked_after(request))
        return TemplateResponse(request, self.template_name, {"job": job, "run": run})


class NewRun(FormPage):
    """Any job by hand."""

    does = "jobs.run"
    title = gettext_lazy("Run a job")
    nav = "jobs:runs"
    form_class = RunForm
    submit = gettext_lazy("Run job")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Runs"), reverse("jobs:runs")), Crumb(_("Run a job")))

    def summary(self) -> str:
        return _("A job that was done before for the same subject and window becomes its next revision.")

    def initial(self) -> Mapping[str, Any]:
        return {name: self.request.GET.get(name, "") for name in ("job", "subject", "window", "variant")}

    def perform(self, form: Any) -> str:
        data, user = form.cleaned_data, self.request.user
        kind, variant = kind_of(data["job"]), data["variant"].strip()
        subject = selectors.subject_to_run(user, kind, data["subject"].strip(), variant)  # type: ignore[arg-type]
        run = services.order_run(kind, subject, data["window"], actor=user, variant=variant)  # type: ignore[arg-type]
        return run.get_absolute_url()


class Replay(ActionView):
    """Tries a failed, dead or skipped run again, or opens the next revision of one that is done."""

    does = "jobs.replay"
    replayed: Run | None = None

    def perform(self) -> str:
        run = selectors.run_numbered(self.request.user, self.kwargs["number"], self.does)  # type: ignore[arg-type]
        self.replayed = services.replay(run, actor=self.request.user)  # type: ignore[arg-type]
        return _("It is queued again.")

    def back_url(self) -> str:
        return reverse("jobs:run", args=[self.replayed.pk if self.replayed else self.kwargs["number"]])


class Dismiss(FormPage):
    """Says that a failure needs no more attention, and why."""

    does = "jobs.replay"
    title = gettext_lazy("Dismiss")
    nav = "jobs:runs"
    form_class = ReasonForm
    submit = gettext_lazy("Dismiss run")

    @cached_property
    def run(self) -> Run:
        return selectors.run_numbered(self.request.user, self.kwargs["number"], self.does)  # type: ignore[arg-type]

    def crumbs(self) -> Sequence[Crumb]:
        run = self.run
        here = Crumb(_("Run %(number)s") % {"number": run.pk}, run.get_absolute_url())
        return (Crumb(_("Runs"), reverse("jobs:runs")), here, Crumb(_("Dismiss")))

    def heading(self) -> str:
        return _("Dismiss %(run)s") % {"run": self.run.title}

    def summary(self) -> str:
        return _("It stays in the ledger as it is and no longer counts as needing attention.")

    def perform(self, form: Any) -> str:
        services.dismiss(self.run, actor=self.request.user, reason=form.cleaned_data["reason"])  # type: ignore[arg-type]
        return self.run.get_absolute_url()


class Deliveries(ListPage):
    """What was sent, what waits, and what could not be delivered."""

    does = "jobs.deliveries.read"
    title = gettext_lazy("Deliveries")
    template_name = "jobs/deliveries.html"
    table_class = DeliveryTable
    filterset_class = DeliveryFilter
    queryset = Delivery.objects.defer("body")
    noun = (gettext_lazy("delivery"), gettext_lazy("deliveries"))

    def summary(self) -> str:
        if settings.PORTAL_EMAIL_URL:
            return _("Mail and webhooks, sent at least once under one key.")
        folder = settings.EMAIL_FILE_PATH
        return _("No mail server is set; mail is written into %(folder)s.") % {"folder": folder}

    def views(self) -> Sequence[SavedView]:
        return (
            SavedView(_("All"), ""),
            SavedView(
                _("Not delivered"),
                f"state={DeliveryState.DEAD}",
                Delivery.objects.filter(state=DeliveryState.DEAD).count(),
            ),
        )

    def empty(self) -> Empty:
        return Empty(
            _("No deliveries yet"), _("Alerts, reminders and webhooks appear here when they are sent.")
        )

    def context(self) -> Mapping[str, Any]:
        return {
            "targets": AllowedTarget.objects.select_related("allowed_by"),
            "may_change": may(self.request.user, "jobs.deliveries"),
        }


class DeliveryPage(Page):
    """One delivery: to whom, how often tried, and why not."""

    does = "jobs.deliveries.read"
    nav = "jobs:deliveries"
    template_name = "jobs/delivery.html"

    @cached_property
    def delivery(self) -> Delivery:
        return _delivery(self.kwargs["number"])

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Deliveries"), reverse("jobs:deliveries")), Crumb(self.delivery.title))

    def heading(self) -> str:
        return self.delivery.title

    def facts(self) -> Sequence[Fact]:
        delivery = self.delivery
        tone, word = DELIVERY_WORDS[DeliveryState(delivery.state)]
        return (
            Fact(_("State"), word, tone=tone),
            Fact(_("To"), delivery.target, delivery.get_channel_display()),
            Fact(_("Written"), figures.moment(delivery.created_at)),
            Fact(_("Attempts"), delivery.attempt),
            Fact(_("Key"), delivery.key),
        )

    def context(self) -> Mapping[str, Any]:
        user, delivery = self.request.user, self.delivery
        may_change = may(user, "jobs.deliveries")
        technical = may_change and delivery.channel == Channel.WEBHOOK
        return {
            "delivery": delivery,
            "may_send_again": may_change and delivery.state == DeliveryState.DEAD,
            "body": delivery.body if technical else "",
            "secret": secret_of(delivery.target) if technical else "",
            "events": timeline_of(delivery),
        }


def _delivery(number: int) -> Delivery:
    found = Delivery.objects.filter(pk=number).first()
    if found is None:
        raise Missing
    return found


class SendAgain(ActionView):
    """Tries a dead delivery again, under its old key."""

    does = "jobs.deliveries"

    def perform(self) -> str:
        outbox.send_again(_delivery(self.kwargs["number"]), actor=self.request.user)  # type: ignore[arg-type]
        return _("It is queued again.")

    def back_url(self) -> str:
        return reverse("jobs:delivery", args=[self.kwargs["number"]])


class AllowTarget(FormPage):
    """Vouches for a receiver that the guard would refuse."""

    does = "jobs.deliveries"
    title = gettext_lazy("Allow a receiver")
    nav = "jobs:deliveries"
    form_class = TargetForm
    submit = gettext_lazy("Allow receiver")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Deliveries"), reverse("jobs:deliveries")), Crumb(_("Allow a receiver")))

    def summary(self) -> str:
        return _(
            "Webhooks go to public addresses over https. What you allow here may be private and unencrypted."
        )

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        outbox.allow_target(data["host"], data["port"], actor=self.request.user, reason=data["reason"])  # type: ignore[arg-type]
        return reverse("jobs:deliveries")


class WithdrawTarget(ActionView):
    """Vouches for a receiver no longer."""

    does = "jobs.deliveries"

    def perform(self) -> str:
        target = AllowedTarget.objects.filter(pk=self.kwargs["number"]).first()
        if target is None:
            raise Missing
        outbox.withdraw_target(target, actor=self.request.user)  # type: ignore[arg-type]
        return _("%(target)s is allowed no longer.") % {"target": target}

    def back_url(self) -> str:
        return reverse("jobs:deliveries")
