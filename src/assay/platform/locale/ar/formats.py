"""Numbers in Arabic with 0–9 and a point, as in figures and downloads; Django would write a comma."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
