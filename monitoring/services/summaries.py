"""Profiling days: raw rows once through, and the summaries that stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from monitoring import store
from monitoring.incoming.tables import segment_keys
from monitoring.models import DirtyDay, Reference, Summary
from portal.jobs.models import Run
from portal.registry.models import ModelVersion
from portal.stats.profile import Profile, ProfileSpec, profile, spec_of


@dataclass(frozen=True, slots=True)
class Profiled:
    """What was counted of one day, by segment, and when the day was taken up."""

    dirty: DirtyDay
    reference: Reference | None
    profiles: Mapping[str, Profile]


def profile_days(version: ModelVersion, days: list[DirtyDay]) -> list[Profiled]:
    """Read the rows of each day once and count them; writes nothing."""
    reference = version.references.order_by("-number").first() if version.schema is not None else None
    return [_profile_day(version, dirty, reference) for dirty in days]


@transaction.atomic
def store_summaries(version: ModelVersion, done: list[Profiled], *, run: Run | None) -> list[date]:
    """Store the next revision of each day whose counts changed; returns those days.

    A day touched again since it was taken up stays dirty.
    """
    changed = [each for each in done if _store(version, each, run)]
    for each in done:
        DirtyDay.objects.filter(pk=each.dirty.pk, touched_at=each.dirty.touched_at).delete()
    return [each.dirty.day for each in changed]


def _profile_day(version: ModelVersion, dirty: DirtyDay, reference: Reference | None) -> Profiled:
    spec, batches = counted_rows(version, dirty.day, reference)
    return Profiled(dirty, reference, profile(batches, spec))


def counted_rows(
    version: ModelVersion, day: date, reference: Reference | None
) -> tuple[ProfileSpec, Iterator[pa.RecordBatch]]:
    """What is counted of a day, and its rows. Without declared inputs only how many there are."""
    rows = store.rows_of_day(version, day)
    if version.schema is None:
        return ProfileSpec(), rows.read(["event_time"])
    spec = reference.frozen.spec if reference is not None else spec_of(version.schema)
    spec = replace(spec, segments=segment_keys(sorted(rows.columns())))
    return spec, _joined(version, day, rows, spec)


def _joined(
    version: ModelVersion, day: date, rows: store.DayRows, spec: ProfileSpec
) -> Iterator[pa.RecordBatch]:
    """The rows of a day with their outcomes and protected attributes beside them."""
    outcomes = store.outcomes_of_day(version, day)
    if spec.task == "regression":
        values = outcomes.column("outcome").cast(pa.float64())
        outcomes = outcomes.set_column(1, "outcome", values)
    apart = [outcomes]
    if spec.protected:
        apart.append(store.attributes_of_day(version, day, spec.protected))
    joined = {name for table in apart for name in table.column_names}
    wanted = ["prediction_id", *(name for name in spec.columns if name not in joined)]
    for batch in rows.read(wanted):
        for table in apart:
            batch = _beside(batch, table)  # noqa: PLW2901 - the batch grows
        yield batch


def _beside(batch: pa.RecordBatch, table: pa.Table) -> pa.RecordBatch:
    """The batch with the columns of the table that stand under the same prediction id."""
    found = pc.index_in(batch.column("prediction_id"), value_set=table.column("prediction_id"))
    for name in table.column_names:
        if name != "prediction_id":
            column = table.column(name).take(found).combine_chunks()
            batch = batch.append_column(name, column)
    return batch


def _store(version: ModelVersion, each: Profiled, run: Run | None) -> bool:
    now = timezone.now()
    held = Summary.objects.filter(version=version, day=each.dirty.day)
    newest = {summary.segment: summary for summary in held.newest()}
    if each.reference == _reference_of(newest) and _digests(each.profiles) == {
        segment: summary.digest for segment, summary in newest.items()
    }:
        return False
    revision = (held.aggregate(last=Max("revision"))["last"] or 0) + 1
    held.newest().update(superseded_at=now)
    Summary.objects.bulk_create(
        _row(each, segment, counted, version=version, revision=revision, run=run, computed_at=now)
        for segment, counted in each.profiles.items()
    )
    return True


def _row(each: Profiled, segment: str, counted: Profile, **fields: Any) -> Summary:
    return Summary(
        day=each.dirty.day,
        segment=segment,
        reference=each.reference,
        n=counted.n,
        labelled=counted.labelled,
        wrong=sum(n for (said, happened), n in counted.pairs.items() if said != happened),
        content=counted.to_json(),
        digest=counted.digest,
        **fields,
    )


def _reference_of(newest: Mapping[str, Summary]) -> Reference | None:
    whole = newest.get("")
    return whole.reference if whole is not None else None


def _digests(profiles: Mapping[str, Profile]) -> dict[str, str]:
    return {segment: counted.digest for segment, counted in profiles.items()}
