"""Loading a bill that was too large to load before the answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from costs.focus import Summed, sum_bill
from costs.loading import JOB
from costs.models import Bill, Upload
from costs.services.bills import Receipt, digest_of, key_of, store_bill
from portal.areas import JobKind
from portal.errors import Unprocessable
from portal.evidence import storage
from portal.jobs.models import Run
from portal.jobs.services import progress


def load_bill(run: Run) -> Callable[[], Any]:
    """Read and sum a kept bill piece by piece; all of it is stored in the commit of the run, or nothing."""
    upload = Upload.objects.select_related("sent_by", "replaces").get(pk=run.subject_id or 0)
    run.input_digest = f"sha256:{upload.digest}"
    known = Bill.objects.filter(digest=upload.digest).first()
    summed = None if known is not None else _summed(upload, run)

    def commit() -> Any:
        receipt = Receipt(known, added=False) if known is not None else _stored(upload, summed)
        Upload.objects.filter(pk=upload.pk).update(bill=receipt.bill)
        return receipt.as_dict()

    return commit


def _stored(upload: Upload, summed: Summed | None) -> Receipt:
    assert summed is not None  # what is not known was read
    return store_bill(
        summed, digest=upload.digest, name=upload.name, actor=upload.sent_by, replaces=upload.replaces
    )


def _summed(upload: Upload, run: Run) -> Summed:
    """The sums of the kept file. One that is no FOCUS bill is not kept any longer."""
    try:
        with tempfile.NamedTemporaryFile() as file:
            _fetch(upload, Path(file.name))
            summed = sum_bill(Path(file.name), tell=_Telling(run))
    except Unprocessable:
        storage.remove(key_of(upload.digest))
        raise
    run.counts = {"lines": summed.rows, "groups": len(summed)}
    return summed


def _fetch(upload: Upload, path: Path) -> None:
    """The kept bytes as a file here. Raises Unprocessable where they are gone or are not what was sent."""
    try:
        with storage.reading(key_of(upload.digest)) as source, path.open("wb") as target:
            copyfileobj(source, target)
    except FileNotFoundError:
        raise Unprocessable("The file is not kept any longer. Send it again.") from None
    if digest_of(path) != upload.digest:
        raise Unprocessable("The file kept is not the one that was sent. Send it again.")


class _Telling:
    """Tells how far the run is, once a percent."""

    def __init__(self, run: Run) -> None:
        self._run, self._told = run, -1

    def __call__(self, share: float, lines: int) -> None:
        percent = int(share * 100)
        if percent > self._told:
            self._told = percent
            progress(self._run, percent, 100, f"{lines:,} lines read")


LOAD_BILL = JobKind(JOB, "Load a bill", load_bill, limit=timedelta(hours=1), priority=40)
