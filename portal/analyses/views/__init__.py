"""Pages of analyses: the list, one with its levers, several side by side, and the forms."""

from portal.analyses.views.entering import (
    AddPart,
    CopyAnalysis,
    EditAnalysis,
    EditPart,
    NewAnalysis,
    RemovePart,
    SetAside,
)
from portal.analyses.views.showing import AnalysisList, AnalysisPage, ComparePage, Export, OneAnalysis

__all__ = [
    "AddPart",
    "AnalysisList",
    "AnalysisPage",
    "ComparePage",
    "CopyAnalysis",
    "EditAnalysis",
    "EditPart",
    "Export",
    "NewAnalysis",
    "OneAnalysis",
    "RemovePart",
    "SetAside",
]
