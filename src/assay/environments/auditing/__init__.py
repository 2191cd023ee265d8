"""Audits of scores: whether they are earned by the work, and by nothing but the work.

`worlds` audits the tasks of a world, `verifiers` somebody else's function.
"""
