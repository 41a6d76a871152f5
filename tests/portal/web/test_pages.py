"""A list keeps its state in the address, a form loses nothing, an action tells what came of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import django_tables2 as tables
import pyarrow.parquet as pq
import pytest
from django import forms
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django_filters import BooleanFilter, ChoiceFilter
from openpyxl import load_workbook

from portal.areas import Role
from portal.errors import Conflict, Denied, Invalid, Missing, Problem, TooLarge
from portal.web import exports
from portal.web.pages import ActionView, BulkAction, BulkPlan, ConfirmPage, FormPage, ListPage, Page
from portal.web.pages.lists import name_empty_choices
from portal.web.parts import Crumb, SavedView
from portal.web.tables import NameColumn, NumberColumn, PillColumn, PortalTable
from tests.portal.web.conftest import Requests

By = Callable[..., Requests]


class Row:
    def __init__(self, pk: int) -> None:
        self.pk = pk
        self.name = f"model {pk:02}"
        self.psi = None if pk == 3 else pk / 100
        self.health = ("good", "Healthy") if pk % 2 else ("bad", "Drifted")
        self.note = "=HYPERLINK(1)" if pk == 2 else "plain"

    def __str__(self) -> str:
        return self.name


class Rows(list[Row]):
    """A list that can be narrowed to the chosen rows, as a queryset can."""

    def filter(self, pk__in: Sequence[str]) -> Rows:
        return Rows(row for row in self if str(row.pk) in pk__in)


class Table(PortalTable):
    phone = ("name", "health")
    name = NameColumn()
    psi = NumberColumn(places=2)
    health = PillColumn(orderable=False)
    note = tables.Column()


def rename(rows: Rows, user: Any) -> str:
    return f"{len(rows)} renamed"


RENAME = BulkAction(
    "rename",
    "Rename models",
    "web.gallery",
    plan=lambda rows, _user: BulkPlan(len(rows) - 1, 1, [f"{row} is retired" for row in rows[:1]]),
    apply=rename,
)


class Models(ListPage):
    does = "signed_in"
    title = "Models"
    noun = ("model", "models")
    table_class = Table
    bulk_actions = (RENAME,)
    held: ClassVar[Rows] = Rows(Row(i) for i in range(1, 61))

    def rows(self) -> Any:
        return self.held

    def views(self) -> Sequence[SavedView]:
        return (SavedView("All", "", 60), SavedView("Worst first", "sort=-psi"))


def shown(request: HttpRequest, view: type[Page] = Models) -> str:
    answer: Any = view.as_view()(request)
    assert answer.status_code == 200
    text: str = answer.render().content.decode()
    return text


def test_a_list_answers_a_page_or_only_its_panel(by: By) -> None:
    page, fragment = shown(by().get()), shown(by().get(fragment=True))
    assert "<html" in page
    assert fragment.lstrip().startswith('<div class="panel register"')
    assert Models.as_view()(by().get())["Vary"] == "HX-Request"


def test_the_address_says_order_page_size_and_columns(by: By) -> None:
    text = shown(by().get(sort="-psi", size="50", cols="psi", page="1"))
    assert text.index("model 60") < text.index("model 59")
    assert 'aria-sort="descending"' in text
    assert "1 to 50 of 60 models" in text
    assert "Healthy" not in text
    assert "model 60" in text, "the first column cannot be switched off"


def test_odd_parameters_do_no_harm(by: By) -> None:
    text = shown(by().get(sort="nothing", size="7", page="99", cols="secret"))
    assert "of 60 models" in text


def test_the_next_page_keeps_the_rest_of_the_address(by: By) -> None:
    text = shown(by().get(sort="-psi"))
    assert 'href="?sort=-psi&amp;page=2"' in text
    assert "1 to 25 of 60 models" in text


def test_the_saved_view_of_this_address_is_marked(by: By) -> None:
    text = shown(by().get(sort="-psi", page="1"))
    assert '<a href="?sort=-psi" aria-current="page">Worst first' in text


def test_missing_is_a_dash_and_phones_get_two_lines(by: By) -> None:
    text = shown(by().get())
    assert "—" in text
    assert 'class="table two-line"' in text
    assert 'class="name p1"' in text


def test_a_status_with_choices_is_looked_up_by_its_value_not_its_label() -> None:
    class Stage:
        pk, stage = 1, "live"

        def get_stage_display(self) -> str:
            return "In operation"

    class Stages(PortalTable):
        stage = PillColumn(words={"live": ("good", "Runs")})

    table = Stages([Stage()])
    assert "Runs</span>" in table.rows[0].get_cell("stage")
    assert list(table.as_values()) == [["Stage"], ["Runs"]]


def test_an_empty_register_says_so_without_filters(by: By) -> None:
    class Nothing(Models):
        held = Rows()

    text = shown(by().get(), Nothing)
    assert "No models yet" in text
    assert 'class="filters"' not in text


def download(by: By, kind: str) -> Any:
    answer: Any = Models.as_view()(by(Role.ADMINISTRATOR).get(export=kind, sort="psi", cols="psi,note"))
    assert answer["Content-Disposition"] == f'attachment; filename="models.{kind}"'
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_csv_holds_all_pages_the_columns_on_show_and_no_formula(by: By) -> None:
    rows = list(csv.reader(io.StringIO(download(by, "csv").decode("utf-8-sig"))))
    assert rows[0] == ["Name", "Psi", "Note"]
    assert len(rows) == 61
    assert ["model 02", "0.02", "'=HYPERLINK(1)"] in rows
    assert ["model 03", "", "plain"] in rows


def test_a_workbook_holds_numbers_as_numbers_and_no_formula(by: By) -> None:
    sheet = load_workbook(io.BytesIO(download(by, "xlsx"))).worksheets[0]
    found = {row[0]: row for row in sheet.iter_rows(values_only=True)}
    assert found["model 02"] == ("model 02", 0.02, "'=HYPERLINK(1)")
    assert found["model 03"][1] is None


def test_json_and_parquet_hold_what_is_there_and_null_for_what_is_missing(by: By) -> None:
    records = {record["Name"]: record for record in json.loads(download(by, "json"))}
    assert records["model 02"] == {"Name": "model 02", "Psi": 0.02, "Note": "=HYPERLINK(1)"}
    assert records["model 03"]["Psi"] is None
    table = pq.read_table(io.BytesIO(download(by, "parquet")))
    assert table.num_rows == 60
    assert table.column("Psi").null_count == 1


def test_an_unknown_format_and_too_many_rows_are_refused(by: By, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="csv, xlsx, parquet, json"):
        Models.as_view()(by().get(export="exe"))
    monkeypatch.setattr(exports, "MOST_ROWS", 10)
    with pytest.raises(TooLarge, match="60"):
        Models.as_view()(by().get(export="csv"))


def test_too_many_rows_become_a_job_where_the_list_has_one(by: By, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(Models):
        def export_later(self, kind: str) -> str:
            return f"/runs/{kind}/"

    monkeypatch.setattr(exports, "MOST_ROWS", 10)
    assert Later.as_view()(by().get(export="csv"))["Location"] == "/runs/csv/"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    assert exports.neutral(text) == "'" + text


def test_only_who_may_sees_boxes_and_a_bulk_action_shows_its_dry_run_first(by: By) -> None:
    assert "pick-row" not in shown(by(Role.EMPLOYEE).get())
    assert "pick-row" in shown(by(Role.ADMINISTRATOR).get())
    answer: Any = Models.as_view()(
        by(Role.ADMINISTRATOR).post("/models/?sort=-psi", bulk="rename", row=["1", "2"])
    )
    text = answer.render().content.decode()
    assert "1 would change, 1 stand so already" in text
    assert "model 01 is retired" in text
    assert 'name="step" value="apply"' in text


def test_applying_a_bulk_action_returns_to_the_same_list(by: By) -> None:
    request = by(Role.ADMINISTRATOR).post("/models/?sort=-psi", bulk="rename", row=["1", "2"], step="apply")
    answer = Models.as_view()(request)
    assert answer["Location"] == "/models/?sort=-psi"
    assert [str(message) for message in get_messages(request)] == ["2 renamed"]


def test_a_bulk_action_needs_its_right_and_must_exist(by: By) -> None:
    with pytest.raises(Denied):
        Models.as_view()(by(Role.EMPLOYEE).post(bulk="rename", row=["1"]))
    with pytest.raises(Invalid):
        Models.as_view()(by(Role.ADMINISTRATOR).post(bulk="drop", row=["1"]))


class Name(forms.Form):
    name = forms.CharField(max_length=20)
    tier = forms.CharField(required=False)


class Rename(FormPage):
    does = "signed_in"
    title = "Rename"
    form_class = Name
    raises: ClassVar[Exception | None] = None

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Models", "/models/"), Crumb("Rename"))

    def perform(self, form: Any) -> str:
        if self.raises is not None:
            raise self.raises
        return f"/models/{form.cleaned_data['name']}/"

    def done(self, form: Any) -> str:
        return f"Renamed to {form.cleaned_data['name']}."


def failing(error: Exception) -> type[Rename]:
    return type("Failing", (Rename,), {"raises": error})


def sent(view: type[Page], request: HttpRequest) -> tuple[int, str]:
    answer: Any = view.as_view()(request)
    return answer.status_code, answer.render().content.decode()


def test_a_form_marks_what_is_optional_and_can_be_cancelled(by: By) -> None:
    text = shown(by().get(), Rename)
    assert text.count('class="optional"') == 1
    assert 'href="/models/">Cancel' in text
    assert "data-guard" in text


def test_a_wrong_form_comes_back_with_what_was_typed_and_its_error(by: By) -> None:
    status, text = sent(Rename, by().post(name="", tier="high", fragment=True))
    assert status == 422
    assert text.lstrip().startswith("<form")
    assert 'value="high"' in text
    assert 'href="#id_name"' in text
    assert 'aria-invalid="true"' in text
    assert 'aria-describedby="id_name_error"' in text


def test_a_refusal_of_the_service_stands_beside_the_field_it_is_about(by: By) -> None:
    error = Invalid("No.", errors=[Problem("/name", "Taken by another unit."), Problem("/other", "Odd.")])
    status, text = sent(failing(error), by().post(name="churn"))
    assert status == 422
    assert text.count("Taken by another unit.") == 2, "in the summary and beside the field"
    assert "Odd." in text
    assert 'value="churn"' in text


def test_a_refusal_without_a_field_stands_on_top_with_the_way_on(by: By) -> None:
    status, text = sent(
        failing(Conflict("It is in use.", help_url="/models/churn/")), by().post(name="churn")
    )
    assert status == 422
    assert "It is in use." in text
    assert 'href="/models/churn/"' in text


@pytest.mark.parametrize("error", [Denied("No."), Missing()])
def test_what_is_not_about_the_form_is_left_to_the_error_page(by: By, error: Exception) -> None:
    with pytest.raises(type(error)):
        failing(error).as_view()(by().post(name="churn"))


def test_a_form_that_went_well_leads_on_with_a_message(by: By) -> None:
    request = by().post(name="churn")
    assert Rename.as_view()(request)["Location"] == "/models/churn/"
    assert [str(message) for message in get_messages(request)] == ["Renamed to churn."]
    fragment = Rename.as_view()(by().post(name="churn", fragment=True))
    assert fragment["HX-Redirect"] == "/models/churn/"


def test_a_confirmation_asks_with_a_dangerous_button(by: By) -> None:
    class Retire(ConfirmPage):
        does = "signed_in"
        title = "Retire churn"
        submit = "Retire churn v3"

    text = shown(by().get(), Retire)
    assert '<button class="button danger">Retire churn v3</button>' in text


class Mute(ActionView):
    does = "signed_in"
    raises: ClassVar[Exception | None] = None

    def perform(self) -> str:
        if self.raises is not None:
            raise self.raises
        return "Muted until 1 Dec."

    def back_url(self) -> str:
        return "/findings/"


class Refused(Mute):
    raises = Conflict("It is closed already.")


class Gone(Mute):
    raises = Missing()


def test_an_action_does_and_leads_back_with_its_message(by: By) -> None:
    request = by().post(next="/findings/?page=2")
    assert Mute.as_view()(request)["Location"] == "/findings/?page=2"
    assert [str(message) for message in get_messages(request)] == ["Muted until 1 Dec."]


def test_a_refused_action_leads_back_with_the_reason(by: By) -> None:
    request = by().post()
    assert Refused.as_view()(request)["Location"] == "/findings/"
    assert [(m.level_tag, str(m)) for m in get_messages(request)] == [("error", "It is closed already.")]


def test_an_action_leads_to_no_other_site(by: By) -> None:
    assert Mute.as_view()(by().post(next="https://example.org/"))["Location"] == "/findings/"


def test_an_action_in_place_answers_with_a_toast(by: By) -> None:
    answer = Refused.as_view()(by().post(fragment=True))
    assert answer.status_code == 204
    assert json.loads(answer["HX-Trigger"])["toast"] == {"tone": "bad", "text": "It is closed already."}


def test_an_action_on_what_is_not_there_is_not_found(by: By) -> None:
    with pytest.raises(Missing):
        Gone.as_view()(by().post())


def test_an_action_takes_no_get(by: By) -> None:
    assert Mute.as_view()(by().get()).status_code == 405


class Stage(forms.Form):
    stage = ChoiceFilter(choices=[("live", "Live")]).field
    named = ChoiceFilter(choices=[("live", "Live")], empty_label="Any stage").field
    late = BooleanFilter().field


def test_a_filter_that_chooses_nothing_says_any() -> None:
    form = Stage()
    name_empty_choices(form)
    assert [str(word) for _, word in form.fields["stage"].widget.choices] == ["Any", "Live"]
    assert [str(word) for _, word in form.fields["named"].widget.choices] == ["Any stage", "Live"]
    assert [str(word) for _, word in form.fields["late"].widget.choices] == ["Any", "Yes", "No"]
