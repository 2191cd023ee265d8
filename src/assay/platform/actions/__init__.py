"""Every write, one verb each with keyword-only arguments; the only place that opens a transaction."""
