"""Labels: one of a few classes in, a posterior for each item and a skill for each rater out.

Methods read `Columns` (votes as integer codes) and return a frozen `Result`; every method is one file and one
line in the registry. `ensemble` is the default. The names that people use stand in `assay.quality`.
"""
