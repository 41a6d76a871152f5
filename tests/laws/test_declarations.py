"""What areas declare is true: pages open, tests exist, checks explain themselves, order never matters."""

from __future__ import annotations

from dataclasses import is_dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from monitoring.models import Summary
from monitoring.services.summaries import counted_rows
from portal.areas import Check, Feature, PolicyKind, declared
from portal.policies.parameters import decode, encode
from portal.registry.models import ModelVersion
from portal.stats.profile import profile
from tests.laws.world import World

ARGUMENTS: tuple[tuple[Any, ...], ...] = ((), ("SYS-1",), ("churn", 1), ("a-slug",), (1,))
"""What pages take: nothing, a system, a version, a slug, a number."""


def slug(item: Any) -> str:
    return str(getattr(item, "code", None) or getattr(item, "slug", None) or item.page)


def opens(page: str) -> bool:
    for arguments in ARGUMENTS:
        try:
            reverse(page, args=arguments)
        except NoReverseMatch:
            continue
        return True
    return False


@pytest.mark.parametrize("kind", ["features", "nav", "tabs"])
def test_every_declared_page_has_an_address(kind: str) -> None:
    assert declared(kind)
    assert [slug(item) for item in declared(kind) if not opens(item.page)] == []


def test_a_tab_takes_a_version_and_navigation_takes_nothing() -> None:
    for tab in declared("tabs"):
        assert reverse(tab.page, args=("churn", 1))
    for line in declared("nav"):
        assert reverse(line.page)


@pytest.mark.parametrize("feature", declared("features"), ids=slug)
def test_a_feature_names_tests_that_exist(feature: Feature) -> None:
    assert feature.tests, "nothing proves it"
    for path in feature.tests:
        files = settings.BASE_DIR / path
        assert list(files.rglob("test_*.py")) if files.is_dir() else files.is_file(), path


def test_a_feature_has_one_home_and_says_what_is_missing() -> None:
    codes = [feature.code for feature in declared("features")]
    assert len(codes) == len(set(codes))
    for feature in declared("features"):
        assert (feature.state == "partly") == bool(feature.missing), feature.code


@pytest.mark.parametrize("check", declared("checks"), ids=slug)
def test_a_check_explains_itself_and_is_judged_by_a_declared_policy(check: Check) -> None:
    assert len(check.explain.split()) >= 10
    assert check.policy in declared("policies")
    assert set(check.metrics) <= set(declared("metrics"))
    assert opens(check.page) if check.page else True


@pytest.mark.parametrize("kind", declared("policies"), ids=slug)
def test_the_shipped_parameters_of_a_policy_are_valid_and_survive_the_form(kind: PolicyKind) -> None:
    assert is_dataclass(kind.parameters)
    shipped = kind.parameters()
    assert replace(shipped) == shipped
    assert decode(kind, encode(shipped)) == shipped


@pytest.mark.parametrize("kind", ["checks", "gates", "case_kinds", "policies", "jobs", "panels"])
def test_nothing_is_declared_twice(kind: str) -> None:
    slugs = [item.slug for item in declared(kind)]
    assert len(slugs) == len(set(slugs))


def test_what_monitoring_counts_of_a_day_ignores_the_order_of_its_rows(world: World) -> None:
    """Every measure of monitoring reads these counts and nothing else."""
    counted = 0
    for version in ModelVersion.objects.filter(summaries__isnull=False).distinct():
        summary = Summary.objects.filter(version=version).order_by("day")[0]
        reference = version.references.order_by("-number").first()
        spec, batches = counted_rows(version, summary.day, reference)
        rows = pa.Table.from_batches(list(batches))
        straight = profile(rows.to_batches(), spec)
        for seed in range(3):
            order = np.random.default_rng(seed).permutation(rows.num_rows)
            shuffled = profile(rows.take(pa.array(order)).to_batches(max_chunksize=7), spec)
            assert {k: p.digest for k, p in shuffled.items()} == {k: p.digest for k, p in straight.items()}
        counted += rows.num_rows
    assert counted > 100
