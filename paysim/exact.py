"""
Exact numbers: how a rate is read from a number or a text without losing anything.

The arithmetic here has its own context, so that a caller's decimal precision changes nothing.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

RATE_PLACES: Final = 15
"""Decimal places that a rate may have."""

DECIMAL_TEXT: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,80})?([eE][+-]?[0-9]{1,2})?")
"""How a rate may be written as text."""

_CONTEXT = Context(prec=500)
_SMALLEST = Decimal(1).scaleb(-RATE_PLACES)


def as_exact(value: Decimal | int | float | str) -> Decimal:
    """
    Return a number or a decimal text as an exact Decimal without trailing zeros.

    A float is read by its shortest decimal and rounded half-even to 15 places.
    Anything that is no exact number is left for the check to name.
    """
    number = exact_or_reason(value)
    return value if isinstance(number, str) else number  # type: ignore[return-value]


def exact_or_reason(value: Any) -> Decimal | str:
    """
    Return the exact Decimal of a value, or say what it must be.
    """
    if type(value) is int:
        return Decimal(value) if value.bit_length() <= 256 else "must be a smaller number"
    if isinstance(value, float):
        if not math.isfinite(value):
            return "must be finite"
        number = Decimal(repr(float(value))).quantize(_SMALLEST, ROUND_HALF_EVEN, _CONTEXT)
        if not number and value:
            return f"must be 0 or at least 1e-{RATE_PLACES} (it would be rounded to 0)"
        return _without_zeros(number)
    if type(value) is str:
        if not DECIMAL_TEXT.fullmatch(value):
            return "must be a number"
        value = Decimal(value)
    if type(value) is not Decimal:
        return "must be a number"
    if not value.is_finite():
        return "must be finite"
    if abs(value.adjusted()) > 300 or len(value.as_tuple().digits) > 300:
        return "must be a number of reasonable length"
    number = _without_zeros(value)
    if places(number) > RATE_PLACES:
        return f"must have at most {RATE_PLACES} decimal places"
    return number


def places(number: Decimal) -> int:
    """
    Return the decimal places of a finite number, trailing zeros not counted.
    """
    exponent = number.normalize(_CONTEXT).as_tuple().exponent
    return max(-int(exponent), 0)


def product(one: Decimal, other: Decimal) -> Decimal:
    """
    Return the exact product of two rates, whatever the precision of the caller's context.
    """
    return _CONTEXT.multiply(one, other)


def plain(number: Decimal) -> str:
    """
    Return a Decimal in plain notation, never with an exponent.
    """
    return format(number, "f")


def _without_zeros(number: Decimal) -> Decimal:
    if not number:
        return Decimal(0)
    number = number.normalize(_CONTEXT)
    # A positive exponent stands for zeros that an int has: 1E+3 becomes 1000.
    return number.quantize(Decimal(1), context=_CONTEXT) if places(number) == 0 else number
