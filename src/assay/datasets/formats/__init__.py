"""Exporters: one file each, an example in, a row out."""
