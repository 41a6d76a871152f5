"""Take real employment data of Massachusetts through the portal, the way a user would.

    PORTAL_URL=http://127.0.0.1:8000 PORTAL_TOKEN=… python examples/acs_employment.py DIR

DIR holds the three ACS files (a model trained on 2014, its reference year 2015, the years 2016 to 2018 with
outcomes that come later). The model is registered with the unmodified MLflow client, everything else goes
through the public API. The files say only the year of a row, so a year's rows are spread evenly over it.

Needs mlflow-skinny, httpx and pyarrow; nothing of the portal.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

MODEL = "acs-employment"
ROWS_AT_ONCE = 50_000
NUMBERS = ("AGEP",)
PROTECTED = ("SEX", "RAC1P")
FEATURES = (
    *("AGEP", "SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "NATIVITY", "DEAR", "DEYE"),
    "DREM",
)
LATE = timedelta(days=60)
"""Outcomes come two months after the prediction."""


def main(folder: Path) -> None:
    url, token = address_and_token()
    version = register(url, token)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api/v1/models/{MODEL}/versions/{version}/", headers=headers) as api:
        api.timeout = 300
        put(api, "schema/", schema())
        reference = parquet.read_table(folder / "acs_employment_ma_reference_2015.parquet")
        post(api, "reference/", prepared(reference).append_column("outcome", labels(reference, "employed")))
        analysis = parquet.read_table(folder / "acs_employment_ma_analysis_2016_2018.parquet")
        target = parquet.read_table(folder / "acs_employment_ma_analysis_target.parquet")
        send(api, reference, labels(reference, "employed"))
        send(api, analysis, labels(target, "employed"))
    print(f"Done: {url}/models/{MODEL}/v/{version}/")


def address_and_token() -> tuple[str, str]:
    """Where the portal is and the key to it. Ends the program when the environment says neither."""
    missing = [name for name in ("PORTAL_URL", "PORTAL_TOKEN") if not os.environ.get(name)]
    if missing:
        print(
            f"Set {' and '.join(missing)} first; a token is made under Profile, API tokens.", file=sys.stderr
        )
        sys.exit(2)
    return os.environ["PORTAL_URL"].rstrip("/"), os.environ["PORTAL_TOKEN"]


def folder_of_files() -> Path:
    """The folder that the command line names."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=Path, metavar="DIR", help="the folder with the three ACS files")
    folder: Path = words.parse_args().folder
    if not folder.is_dir():
        words.error(f"there is no folder {folder}")
    return folder


def register(url: str, token: str) -> int:
    """Register the model with the MLflow client; the next version if the name is known."""
    os.environ["MLFLOW_TRACKING_TOKEN"] = token
    from mlflow import MlflowClient  # noqa: PLC0415 - it reads the token when it is imported
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - likewise

    client = MlflowClient(tracking_uri=url, registry_uri=url)
    try:
        client.create_registered_model(MODEL, description="Whether a person is employed, from census answers")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(MODEL, source="https://example.org/acs-employment-2014")
    return int(made.version)


def schema() -> dict[str, object]:
    """What the model reads. Sex and race are inputs and protected at once; all but the age are codes."""
    features = [
        {"name": name, "type": "number" if name in NUMBERS else "category", "nullable": True}
        for name in FEATURES
    ]
    protected = [{"name": name, "type": "category", "role": "both"} for name in PROTECTED]
    return {"task": "binary", "positive": "1", "favourable": "1", "features": features + protected}


def prepared(table: pa.Table) -> pa.Table:
    """The rows as predictions: an id, a time, the features, the score and the prediction."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "prediction_id": table.column("id").cast(pa.string()),
        "event_time": times(table),
        "score": table.column("predicted_probability").cast(pa.float64()),
        "prediction": labels(table, "prediction"),
    }
    for name in (*FEATURES, *PROTECTED):
        columns[name] = table.column(name).cast(pa.float64() if name in NUMBERS else pa.string())
    return pa.table(columns)


def times(table: pa.Table) -> pa.Array:
    """A year's rows, evenly over the year, in the order of the file."""
    years = [int(year) for year in table.column("year").to_pylist()]
    seen: dict[int, int] = {}
    total = {year: years.count(year) for year in set(years)}
    found = []
    for year in years:
        start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        found.append(start + (end - start) * (seen.get(year, 0) / total[year]))
        seen[year] = seen.get(year, 0) + 1
    return pa.array(found, pa.timestamp("us", tz="UTC"))


def labels(table: pa.Table, name: str) -> pa.ChunkedArray:
    return table.column(name).cast(pa.int64()).cast(pa.string())


def send(api: httpx.Client, table: pa.Table, outcomes: pa.ChunkedArray) -> None:
    """Predictions with their attributes, then the outcomes, in pieces."""
    rows = prepared(table)
    features = rows.select([name for name in rows.column_names if name not in PROTECTED])
    attributes = rows.select(["prediction_id", *PROTECTED])
    later = pc.add(rows.column("event_time"), pa.scalar(LATE))
    known = pa.table(
        {"prediction_id": rows.column("prediction_id"), "outcome": outcomes, "observed_at": later}
    )
    for name, part in (("predictions/", features), ("attributes/", attributes), ("outcomes/", known)):
        for piece in pieces(part):
            answer = post(api, name, piece)
            print(f"{name:13} {answer['received']:>7} received, {answer['accepted']:>7} accepted")


def pieces(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        yield table.slice(start, ROWS_AT_ONCE)


def post(api: httpx.Client, path: str, table: pa.Table) -> dict[str, int]:
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    answer = api.post(
        path, content=sink.getvalue(), headers={"Content-Type": "application/vnd.apache.parquet"}
    )
    return checked(answer)


def put(api: httpx.Client, path: str, body: object) -> dict[str, int]:
    headers = {"Content-Type": "application/json"}
    return checked(api.put(path, content=json.dumps(body), headers=headers))


def checked(answer: httpx.Response) -> dict[str, int]:
    if answer.is_error:
        sys.exit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}")
    found: dict[str, int] = answer.json()
    return found


if __name__ == "__main__":
    main(folder_of_files())
