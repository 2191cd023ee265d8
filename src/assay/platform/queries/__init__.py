"""Every read worth a name. Who may see what is decided here and nowhere else.

A query that hands out one thing to a person raises `Http404` where they have no right to it, so that what is
forbidden cannot be told from what does not exist.
"""
