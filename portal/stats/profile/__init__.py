"""The mergeable summary: what is kept of a window of predictions once its rows have been read.

A `Reference` freezes how each feature is counted. `profile` streams rows once and returns a `Profile` of
the whole and of every segment. Profiles add up exactly, so a quarter is the sum of its days and a whole the
sum of its shards, whoever counted them. Drift, fairness, calibration and control charts are functions of
profiles.
"""

from portal.stats.profile.columns import label_text
from portal.stats.profile.counting import WHOLE, profile
from portal.stats.profile.features import NEW, OTHER, FeatureCounts, FeatureSpec
from portal.stats.profile.moments import Moments, Scale
from portal.stats.profile.performance import SCORE_BINS, SCORE_MIDDLES, ErrorCounts, GroupCounts, ScoreCounts
from portal.stats.profile.reference import Reference, build_reference, spec_of
from portal.stats.profile.rows import Rows, parquet_rows
from portal.stats.profile.spec import ProfileSpec
from portal.stats.profile.summary import Profile

__all__ = [
    "NEW",
    "OTHER",
    "SCORE_BINS",
    "SCORE_MIDDLES",
    "WHOLE",
    "ErrorCounts",
    "FeatureCounts",
    "FeatureSpec",
    "GroupCounts",
    "Moments",
    "Profile",
    "ProfileSpec",
    "Reference",
    "Rows",
    "Scale",
    "ScoreCounts",
    "build_reference",
    "label_text",
    "parquet_rows",
    "profile",
    "spec_of",
]
