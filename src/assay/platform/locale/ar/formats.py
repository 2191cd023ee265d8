"""How Arabic writes numbers and times here, where Django would write them another way.

Numbers have 0–9 and a point, as in figures and downloads; a day comes before its month, as in `DATE_FORMAT`.
"""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
DATETIME_FORMAT = "j F، Y، g:i A"
SHORT_DATETIME_FORMAT = "d/m/Y g:i A"
