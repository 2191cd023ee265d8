"""The product on the web: one Django app around the path.

`urls` lead to `pages` (for people) and `api` (for programs); these call `actions` (every write) and `queries`
(every read, and who may see what); only those two touch `models`. `service` is the same for a shell.
"""
