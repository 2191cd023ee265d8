"""Templates of tasks in the company: one file each."""
