"""How far the distribution of a window is from that of the reference."""

from portal.stats.bins import Bins, quantile_bins
from portal.stats.drift.counts import (
    BinnedKs,
    ChiSquare,
    Distance,
    Psi,
    chi2,
    coarsen,
    hellinger,
    js_distance,
    ks_binned,
    l_infinity,
    minimum_rows,
    psi,
    total_variation,
)
from portal.stats.drift.multiple import adjust
from portal.stats.drift.samples import DomainAuc, KolmogorovSmirnov, Wasserstein, domain_auc, ks, wasserstein

__all__ = [
    "BinnedKs",
    "Bins",
    "ChiSquare",
    "Distance",
    "DomainAuc",
    "KolmogorovSmirnov",
    "Psi",
    "Wasserstein",
    "adjust",
    "chi2",
    "coarsen",
    "domain_auc",
    "hellinger",
    "js_distance",
    "ks",
    "ks_binned",
    "l_infinity",
    "minimum_rows",
    "psi",
    "quantile_bins",
    "total_variation",
    "wasserstein",
]
