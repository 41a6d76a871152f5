"""Pages of cases: the list, one case with its vote, and what people do beside voting."""

from portal.cases.views.acting import (
    AcceptCondition,
    AddComment,
    AddEvidence,
    AskWaiver,
    CaseFile,
    DeclareConflict,
    NameCondition,
    ReportCondition,
    ReportDone,
    SetDueDay,
    Withdraw,
)
from portal.cases.views.showing import Approvals, CaseList, CasePage

__all__ = [
    "AcceptCondition",
    "AddComment",
    "AddEvidence",
    "Approvals",
    "AskWaiver",
    "CaseFile",
    "CaseList",
    "CasePage",
    "DeclareConflict",
    "NameCondition",
    "ReportCondition",
    "ReportDone",
    "SetDueDay",
    "Withdraw",
]
