"""How a number, a day and an amount of money are written. Pure functions: value in, text out.

Digits are parted in threes by a narrow no-break space, a unit follows one too, a minus is a true minus, and
what is
missing is a dash, never 0. Rates come in as 0 to 1 and leave as per cent; a difference of rates leaves in
percentage
points ("pp").
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from math import isfinite

from django.utils import dateformat, timezone
from django.utils.translation import gettext, ngettext

THIN = "\u202f"
"""Narrow no-break space: inside thousands, and between digits and unit."""
HARD = "\u00a0"
"""No-break space: in "n 120", "K. Lin"."""
MINUS = "\u2212"
MISSING = "\u2014"

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}
MINOR_UNITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3}
"""Digits after the point of a currency that has not two (ISO 4217)."""

Number = int | float | Decimal


def number(x: Number | None, places: int | None = None, *, sign: bool = False) -> str:
    r"""A number in digits. Without ``places``: an int as it is, others with about three significant digits.

    >>> number(1842), number(-0.0712), number(None)
    ('1\u202f842', '−0.07', '—')
    """
    if x is None or not isfinite(x):
        return MISSING
    if places is None:
        places = 0 if isinstance(x, int) else _places(float(x))
    rounded = round(Decimal(str(x)), places)
    text = f"{abs(rounded):,.{places}f}".replace(",", THIN)
    if rounded < 0:
        return MINUS + text
    return f"+{text}" if sign and rounded > 0 else text


def _places(x: float) -> int:
    """Digits after the point for about three significant ones; from 1 up no zeros at the end."""
    size = abs(x)
    if size >= 100 or size == 0:
        return 0
    if size < 1:
        return 2 if size >= 0.01 else 4
    most = 1 if size >= 10 else 2
    return next(p for p in range(most + 1) if round(x, p) == round(x, most))


def pct(rate: Number | None, places: int | None = None, *, sign: bool = False) -> str:
    r"""A rate of 0 to 1 as per cent. Without ``places``: one digit where it says something.

    >>> pct(0.92), pct(0.9184), pct(None)
    ('92\u202f%', '91.8\u202f%', '—')
    """
    if rate is None or not isfinite(rate):
        return MISSING
    percent = Decimal(str(rate)) * 100
    return number(percent, _tenths(percent) if places is None else places, sign=sign) + THIN + "%"


def pp(difference: Number | None, places: int | None = None) -> str:
    r"""A difference of two rates in percentage points, always with its sign.

    >>> pp(-0.04), pp(0.0046)
    ('−4\u202fpp', '+0.5\u202fpp')
    """
    if difference is None or not isfinite(difference):
        return MISSING
    points = Decimal(str(difference)) * 100
    return number(points, _tenths(points) if places is None else places, sign=True) + THIN + "pp"


def _tenths(x: Decimal) -> int:
    size = abs(round(x, 6))
    if size >= 100 or size == round(size):
        return 0
    return 1 if size >= Decimal("0.1") else 2


def money(
    amount: Number | None,
    currency: str,
    places: int | None = None,
    *,
    sign: bool = False,
    compact: bool = False,
) -> str:
    r"""An amount with its symbol, or its ISO code where there is none. ``compact`` is for tiles: k and m.

    >>> money(Decimal("42313"), "EUR"), money(Decimal("884000"), "EUR", compact=True), money(3.84, "EUR")
    ('€42\u202f313', '€884\u202fk', '€3.84')
    """
    if amount is None or not isfinite(amount):
        return MISSING
    exact = Decimal(str(amount))
    suffix = ""
    if compact and abs(exact) >= 1000:
        step, letter = (1_000_000, "m") if abs(exact) >= 999_500 else (1000, "k")
        exact, suffix = exact / step, THIN + letter
        places = _compact_places(exact) if places is None else places
    if places is None:
        places = 0 if exact == exact.to_integral_value() else MINOR_UNITS.get(currency, 2)
    digits = number(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN), places, sign=sign)
    head = digits[0] if digits[0] in f"{MINUS}+" else ""
    symbol = SYMBOLS.get(currency, currency + THIN)
    return f"{head}{symbol}{digits.removeprefix(head)}{suffix}"


def _compact_places(x: Decimal) -> int:
    return 0 if abs(x) >= 100 or round(x, 1) == round(x) else 1


def quantity(
    x: Number | None, unit: str = "", places: int | None = None, *, sign: bool = False, compact: bool = False
) -> str:
    r"""A value with its unit: "%" takes a rate, "pp" a difference of rates, an ISO code is money.

    >>> quantity(0.174, "%"), quantity(410, "ms"), quantity(3.84, "EUR"), quantity(0.74)
    ('17.4\u202f%', '410\u202fms', '€3.84', '0.74')
    """
    if x is None or not isfinite(x):
        return MISSING
    if unit == "%":
        return pct(x, places, sign=sign)
    if unit == "pp":
        return pp(x, places)
    if is_currency(unit):
        return money(x, unit, places, sign=sign, compact=compact)
    digits = number(x, places, sign=sign)
    return f"{digits}{THIN}{unit}" if unit else digits


def is_currency(unit: str) -> bool:
    """Whether a unit is an ISO 4217 code: three capitals.

    >>> is_currency("EUR"), is_currency("ms")
    (True, False)
    """
    return len(unit) == 3 and unit.isascii() and unit.isupper()


def split_quantity(
    x: Number | None, unit: str = "", places: int | None = None, *, compact: bool = False
) -> tuple[str, str]:
    """A value and its unit apart, for a tile that prints the unit smaller. A symbol stays with the digits.

    >>> split_quantity(0.92, "%"), split_quantity(3.84, "EUR")
    (('92', '%'), ('€3.84', ''))
    """
    text = quantity(x, unit, places, compact=compact)
    if x is None or unit == "":
        return text, ""
    if is_currency(unit) and not text.endswith((THIN + "k", THIN + "m")):
        return text, ""
    digits, _, tail = text.rpartition(THIN)
    return digits, tail


def interval(low: Number | None, high: Number | None, unit: str = "", places: int | None = None) -> str:
    """Both ends of an interval, the unit once: "0.78 to 0.84", "16 to 18.1 %".

    >>> interval(0.78, 0.84)
    '0.78 to 0.84'
    """
    if low is None or high is None:
        return MISSING
    first, second = quantity(low, unit, places), quantity(high, unit, places)
    tail = THIN + unit
    if unit and second.endswith(tail):
        first = first.removesuffix(tail)
    return gettext("%(low)s to %(high)s") % {"low": first, "high": second}


def day(value: date) -> str:
    """A day as no country reads it differently: "24 Nov 2026". A datetime is put in the current zone.

    >>> day(date(2026, 11, 24)).replace(HARD, " ")
    '24 Nov 2026'
    """
    if isinstance(value, datetime):
        value = _local(value)
    return dateformat.format(value, "j M Y").replace(" ", HARD)


def moment(value: datetime) -> str:
    """A moment in the current zone, with the zone's name: "24 Nov 2026, 10:42 CET"."""
    local = _local(value)
    return dateformat.format(local, "j M Y, H:i T").replace(" ", HARD)


def ago(value: datetime, now: datetime | None = None) -> str:
    """How far away a moment is, in words; the moment itself from seven days on."""
    now = now or timezone.now()
    seconds = (now - value).total_seconds()
    distance = abs(seconds)
    if distance >= timedelta(days=7).total_seconds():
        return day(value)
    if distance < 60:
        return gettext("just now")
    text = _span(distance).replace(" ", HARD)
    return (gettext("%(span)s ago") if seconds > 0 else gettext("in %(span)s")) % {"span": text}


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    hours = int(seconds // 3600)
    if hours < 24:
        return ngettext("%d hour", "%d hours", hours) % hours
    days = int(seconds // 86400)
    return ngettext("%d day", "%d days", days) % days


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def unbroken(text: str) -> str:
    """A name, model or phrase that must not be cut at the end of a line.

    >>> unbroken("K. Lin").replace(HARD, "~")
    'K.~Lin'
    """
    return text.replace(" ", HARD)


def short_digest(digest: str) -> str:
    """A digest as people compare it: its first four and last two figures.

    >>> short_digest("sha256:9f2c4e07a5ab1b71e"), short_digest("abc")
    ('9f2c…1e', 'abc')
    """
    bare = digest.rpartition(":")[2]
    return bare if len(bare) <= 8 else f"{bare[:4]}…{bare[-2:]}"


def initials(name: str) -> str:
    """Two letters for a person: of the first and the last part of the name.

    >>> initials("K. Lin"), initials("maya")
    ('KL', 'M')
    """
    parts = [part for part in name.replace(".", ". ").split() if part[0].isalnum()]
    letters = [parts[0][0], parts[-1][0]] if len(parts) > 1 else [part[0] for part in parts]
    return "".join(letters).upper()
