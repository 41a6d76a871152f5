"""Components say with words what they show with shapes, and hide nothing that is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.template.exceptions import TemplateSyntaxError
from django.utils import timezone

from portal.areas import GateAnswer, GateState, Role, Severity, Verdict
from portal.web import examples
from portal.web.parts import Event, Fact, GateRow, JobView, KpiView, Pillar
from portal.web.status import SHAPES, Tone, words_of
from portal.web.views import GalleryPage
from tests.portal.web.conftest import Requests

By = Callable[..., Requests]


def drawn(source: str, **context: Any) -> str:
    return str(Template(source).render(Context(context)))


def test_the_gallery_shows_every_tag(by: By) -> None:
    response: Any = GalleryPage.as_view()(by(Role.ADMINISTRATOR).get("/gallery/"))
    text = response.render().content.decode()
    for part in (
        'class="tiles',
        'class="kpi"',
        "<svg",
        'class="heat"',
        'class="rows timeline"',
        'class="job"',
    ):
        assert part in text
    assert re.findall(r"\sstyle=|&lt;(?:svg|span|div)", text) == []


def test_every_id_in_the_gallery_is_unique(by: By) -> None:
    response: Any = GalleryPage.as_view()(by(Role.ADMINISTRATOR).get("/gallery/"))
    found = re.findall(r'\sid="([^"]+)"', response.render().content.decode())
    assert sorted(found) == sorted(set(found))


def test_a_pill_has_a_word_and_the_shape_of_its_tone() -> None:
    text = drawn('{% pill "warn" %}At <risk>{% endpill %}')
    assert SHAPES[Tone.WARN] in text
    assert 'class="pill warn"' in text
    assert 'aria-hidden="true"' in text


def test_no_two_tones_share_a_shape() -> None:
    assert len(set(SHAPES.values())) == len(Tone)


def test_an_unknown_tone_is_a_defect_not_a_colour() -> None:
    with pytest.raises((ValueError, TemplateSyntaxError)):
        drawn('{% pill "purple" %}x{% endpill %}')


@pytest.mark.parametrize("state", [*Verdict, *Severity, *GateState])
def test_every_declared_state_has_a_tone_and_a_word(state: Verdict | Severity | GateState) -> None:
    tone, word = words_of(state)
    assert word
    assert (tone is Tone.GOOD) == (state in {Verdict.OK, GateState.PASSED})


def test_what_a_variable_holds_cannot_become_markup() -> None:
    hostile = "<script>alert(1)</script>"
    text = drawn(
        "{% pill tone %}{{ x }}{% endpill %}{% panel title=x note=x link=x url=x %}{{ x }}{% endpanel %}"
        "{% notice tone title=x %}{{ x }}{% endnotice %}{% facts pairs %}{% timeline events %}"
        "{% empty x x x x %}{% kpi k %}{% snippet title=x name=x %}{{ x }}{% endsnippet %}"
        "{{ x|digest }}{% person x x %}",
        tone="bad",
        x=hostile,
        pairs=[Fact(hostile, hostile, hostile), (hostile, hostile)],
        events=[
            Event(datetime(2026, 1, 1, tzinfo=UTC), hostile),
            Event(date(2026, 1, 1), "", hostile, hostile),
        ],
        k=KpiView(hostile, hostile, 1, hostile, owner=hostile, interval_text=hostile, reason=hostile),
    )
    assert "<script" not in text


def test_a_tile_without_a_target_says_so() -> None:
    text = drawn("{% kpi k %}", k=KpiView("Disputes in time", "/k/", 0.9, "%", target_url="/k/target/"))
    assert '<a href="/k/target/">no target set</a>' in text


def test_a_tile_without_a_value_shows_a_dash_and_the_reason() -> None:
    text = drawn(
        "{% kpi k %}", k=KpiView("Time to hire", "/k/", None, "days", reason="first value in December")
    )
    assert '<p class="figure">—</p>' in text
    assert "first value in December" in text
    assert ">0<" not in text


def test_an_old_value_is_called_stale() -> None:
    text = drawn("{% kpi k %}", k=KpiView("Spend", "/k/", 1, stale_since=date(2026, 11, 2)))
    assert "stale since" in text
    assert 'datetime="2026-11-02"' in text


def test_a_change_is_coloured_by_what_it_means_not_by_where_it_goes() -> None:
    rise = KpiView("Cost", "/k/", Decimal("3.84"), "EUR", delta=Decimal("0.26"), delta_sense="bad")
    assert '<span class="bad-text">+€0.26' in drawn("{% kpi k %}", k=rise)


def test_a_tile_prints_the_rounded_value_and_keeps_the_whole_one() -> None:
    text = drawn("{% kpi k %}", k=KpiView("Value", "/k/", Decimal("2134567.89"), "EUR"))
    assert 'value="2134567.89" title="2134567.89 EUR">€2.1<small>&#8239;m</small>' in text


def test_tiles_of_a_pillar_stand_in_one_column() -> None:
    text = drawn(
        "{% tiles p %}", p=[Pillar("Grow", examples.kpis()[:2]), Pillar("Save", examples.kpis()[2:3])]
    )
    assert '<div class="tiles c2">' in text
    assert text.count('class="pillar r3"') == 2


def test_a_gate_is_read_from_what_failed_to_what_passed() -> None:
    rows = [
        GateRow.of("Card", GateAnswer(GateState.PASSED, "complete")),
        GateRow.of("Board", GateAnswer(GateState.WAITING, "4 of 6 votes", "/case/", "Open case")),
        GateRow.of("Fairness", GateAnswer(GateState.FAILED, "0.74", "/fair/", "Open fairness"), primary=True),
    ]
    text = drawn("{% gate rows %}", rows=rows)
    assert text.index("Fairness") < text.index("Board") < text.index("Card")
    assert 'class="end button small primary" href="/fair/"' in text
    assert "Failed" in text


def test_a_running_job_asks_again_and_a_finished_one_does_not() -> None:
    running = JobView("Drift", "/runs/1/", "/runs/1/part/", 0.4, "Step 2 of 5", delay=4)
    text = drawn("{% job j %}", j=running)
    assert 'hx-get="/runs/1/part/" hx-trigger="load delay:4s" hx-target="this" hx-swap="outerHTML"' in text
    assert running.next_delay == 6
    assert JobView("Drift", "/runs/1/", delay=10).next_delay == 10
    finished = JobView("Drift", "/runs/1/", "/runs/1/part/", 1, done=True, tone=Tone.GOOD, state="Done")
    assert "hx-get" not in drawn("{% job j %}", j=finished)


def test_a_job_of_unknown_length_shows_no_made_up_progress() -> None:
    assert "value=" not in drawn("{% job j %}", j=JobView("Import", "/runs/1/"))


def test_votes_show_who_answered_and_not_what() -> None:
    text = drawn("{% approval a %}", a=examples.votes())
    assert "3 of 5 votes in" in text
    assert "quorum 4, simple majority" in text
    assert '<progress value="3" max="5"' in text
    assert "cannot vote" in text


def test_evidence_that_ended_says_so() -> None:
    text = drawn("{% evidence items %}", items=examples.proofs())
    assert "ended" in text
    assert 'title="e3a94f0b1122334440"' in text


@pytest.mark.parametrize(
    ("style", "shown"),
    [("", "24 Nov 2026, 10:42 CET"), ("day", "24 Nov 2026"), ("hour", "10:42")],
)
def test_a_moment_is_a_time_element_in_the_current_zone(style: str, shown: str) -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        text = drawn("{% when at style %}", at=examples.NOON, style=style).replace("\u00a0", " ")
    assert 'datetime="2026-11-24T09:42:00+00:00"' in text
    assert f">{shown}</time>" in text


def test_a_recent_moment_is_relative_with_the_exact_one_on_hover() -> None:
    text = drawn('{% when at "ago" %}', at=timezone.now() - timedelta(hours=3)).replace("\u00a0", " ")
    assert ">3 hours ago</time>" in text
    assert "title=" in text


def test_no_moment_is_a_dash() -> None:
    assert drawn("{% when at %}", at=None) == "—"


def test_code_is_painted_but_copied_as_it_is() -> None:
    source = 'import aiportal  # "from" here\nm = portal.model("a & b")'
    text = drawn('{% snippet name="s" %}' + source + "{% endsnippet %}")
    code = re.search(r'<code id="s">(.*?)</code>', text, re.DOTALL)
    assert code is not None
    plain = re.sub(r"<[^>]+>", "", code[1]).replace("&quot;", '"').replace("&amp;", "&")
    assert plain == source
    assert '<span class="keyword">import</span>' in code[1]
    assert 'data-copy="s"' in text


def test_an_icon_is_decorative_unless_it_is_named() -> None:
    assert 'aria-hidden="true"' in drawn('{% icon "search" %}')
    assert 'role="img" aria-label="Find"' in drawn('{% icon "search" "Find" %}')


def test_a_choice_in_the_address_keeps_the_rest_of_it(by: By) -> None:
    request = by().get("/scorecard/", period="q3", unit="retail", page="2")
    text = drawn(
        '{% pick "Period" "period" choices "q4" %}', request=request, choices=[("q3", "Q3"), ("q4", "Q4")]
    )
    assert '<input type="hidden" name="unit" value="retail">' in text
    assert 'name="page"' not in text
    assert '<option value="q4" selected>' in text
    assert "<noscript>" in text


def test_numbers_in_templates_follow_the_one_way() -> None:
    text = drawn(
        '{% qty 410 "ms" %}|{% pct 0.5 %}|{% pp 0.01 %}|{% money 1200 "EUR" %}|{% interval 0.1 0.2 %}'
    )
    assert text.replace("\u202f", "~") == "410~ms|50~%|+1~pp|€1~200|0.10 to 0.20"


def test_facts_write_days_and_numbers_the_one_way_and_never_leave_a_gap() -> None:
    pairs = [("Proposed", date(2025, 7, 27)), ("Rows", 61004), ("Budget", None), ("Owner", "K. Lin")]
    text = drawn("{% facts pairs %}", pairs=pairs).replace("\u00a0", " ").replace("\u202f", "~")
    assert '<dd><time datetime="2025-07-27">27 Jul 2025</time></dd>' in text
    assert "<dd>61~004</dd>" in text
    assert "<dd>—</dd>" in text
    assert "<dd>K. Lin</dd>" in text
