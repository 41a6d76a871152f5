"""The child that decodes a CSV or Parquet file into Arrow, within limits it cannot leave.

Run with the interpreter's ``-I``: ``decode.py csv|parquet FILE TARGET ROWS COLUMNS BYTES SECONDS``.
Exit code 65 and one sentence on stderr when the file is not what it says it is.
"""

import resource
import sys

REFUSED = 65
ROWS_AT_ONCE = 16_384


def main(arguments: list[str]) -> int:
    kind, path, target, *limits = arguments
    rows, columns, memory, seconds = map(int, limits)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import pyarrow as pa  # noqa: PLC0415 - only once the limits stand

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    try:
        (_csv if kind == "csv" else _parquet)(path, target, rows, columns)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, Refused) as error:
        return _refuse(str(error).strip().splitlines()[0][:300])
    except OSError as error:
        return _refuse(f"The file cannot be read: {str(error)[:200]}")
    return 0


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return REFUSED


class Refused(Exception):
    """The file has a form that is not taken."""


def _csv(path: str, target: str, most_rows: int, most_columns: int) -> None:
    import pyarrow as pa  # noqa: PLC0415 - only once the limits stand
    from pyarrow import csv  # noqa: PLC0415 - likewise

    names = _header(path, most_columns)
    reader = csv.open_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False, block_size=4 << 20),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    _write(reader.schema, reader, target, most_rows)


def _header(path: str, most: int) -> list[str]:
    """The names of the columns, each once. Reads the first line only."""
    import csv as lines  # noqa: PLC0415 - the CSV reader of Arrow has the same name

    with open(path, encoding="utf-8-sig", newline="") as file:  # noqa: PTH123 - a plain path of the parent's
        try:
            names = next(lines.reader(iter(lambda: file.readline(1 << 20), "")), [])
        except UnicodeDecodeError as error:
            raise Refused("The file is not UTF-8.") from error
        except lines.Error as error:
            raise Refused(f"The header cannot be read: {error}.") from error
    if len(names) > most:
        raise Refused(f"The file has {len(names)} columns; at most {most} are taken.")
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise Refused(f"The column {double[:80]!r} stands in the file twice.")
    return names


def _parquet(path: str, target: str, most_rows: int, most_columns: int) -> None:
    from pyarrow import parquet  # noqa: PLC0415 - only once the limits stand

    file = parquet.ParquetFile(path, memory_map=False)
    if len(file.schema_arrow) > most_columns:
        raise Refused(f"The file has {len(file.schema_arrow)} columns; at most {most_columns} are taken.")
    if len(set(file.schema_arrow.names)) < len(file.schema_arrow):
        raise Refused("A column stands in the file twice.")
    batches = file.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False)
    _write(file.schema_arrow.remove_metadata(), batches, target, most_rows)


def _write(schema: object, batches: object, target: str, most_rows: int) -> None:
    import pyarrow as pa  # noqa: PLC0415 - only once the limits stand

    rows = 0
    with pa.OSFile(target, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:  # type: ignore[attr-defined]  # record batches of whichever reader
            rows += batch.num_rows
            if rows > most_rows:
                raise Refused(f"The file has more than {most_rows} rows.")
            writer.write_batch(batch)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
