"""What happened in the repositories: each commit a state whose tests pass.

Commits are from the first two weeks, the last of them from the second Thursday; what templates plant comes
after.
"""

from __future__ import annotations

from collections.abc import Mapping

from assay.environments.startup.history import Change, Merge, Story, Tag

TEST = "import unittest\n\nfrom {module} import {names}\n\n\nclass {name}(unittest.TestCase):\n"

EXPORTS: Story = (
    Change(
        0,
        10,
        "Begin",
        {
            "README.md": "# exports\n\nInvoices as files. Run the tests with `python -m unittest`.\n",
            "exports/__init__.py": "",
            "exports/invoice.py": (
                '"""Amounts of invoices, in cents."""\n\n\n'
                "def total(lines):\n"
                '    """Sum (quantity, cents) lines."""\n'
                "    return sum(quantity * cents for quantity, cents in lines)\n"
            ),
            "test_invoice.py": (
                TEST.format(module="exports.invoice", names="total", name="Invoice")
                + "    def test_total(self):\n        self.assertEqual(total([(2, 150), (1, 50)]), 350)\n"
            ),
        },
    ),
    Change(
        1,
        14,
        "Prorate the first month",
        {
            "exports/invoice.py": [
                (
                    "for quantity, cents in lines)\n",
                    (
                        "for quantity, cents in lines)\n\n\n"
                        "def prorated(cents, days):\n"
                        '    """Return the part of a monthly price for some days."""\n'
                        "    return cents * days // 30\n"
                    ),
                )
            ],
            "test_invoice.py": [
                ("import total", "import prorated, total"),
                (
                    "350)\n",
                    (
                        "350)\n\n    def test_whole_month(self):\n"
                        "        self.assertEqual(prorated(3000, 30), 3000)\n"
                    ),
                ),
            ],
        },
        "Who begins in the middle of a month pays for its rest.",
    ),
    Change(
        2,
        11,
        "Write lines as a table",
        {
            "exports/table.py": (
                '"""Rows as text, for spreadsheets."""\n\n\n'
                "def row(cells):\n"
                '    """Return one line of a table."""\n'
                '    return ",".join(str(cell) for cell in cells)\n'
            ),
            "test_table.py": (
                TEST.format(module="exports.table", names="row", name="Table")
                + '    def test_row(self):\n        self.assertEqual(row(["seats", 3]), "seats,3")\n'
            ),
        },
    ),
    Change(
        3,
        16,
        "Quote cells that hold a comma",
        {
            "exports/table.py": [
                (
                    "def row(cells):",
                    (
                        "def cell(value):\n"
                        '    """Return one cell, in quotes where it has to be."""\n'
                        "    text = str(value)\n"
                        "    return '\"' + text.replace('\"', '\"\"') + '\"' if set(text) & set(',\"\\n')"
                        " else text\n\n\n"
                        "def row(cells):"
                    ),
                ),
                ("str(cell) for cell in cells", "cell(each) for each in cells"),
            ],
            "test_table.py": [
                (
                    '"seats,3")\n',
                    (
                        '"seats,3")\n\n    def test_comma(self):\n'
                        "        self.assertEqual(row(['a,b', 1]), '\"a,b\",1')\n"
                    ),
                )
            ],
        },
        "A customer called Marlow, Sons & Co. broke every column after it.",
    ),
    Change(
        4,
        10,
        "Round half up",
        {
            "exports/invoice.py": [
                ("for some days.", "for some days, rounded half up."),
                ("cents * days // 30", "(2 * cents * days + 30) // 60"),
            ],
        },
        "Customers count halves of a cent; so do we.",
    ),
    Tag("v1.0"),
    Change(
        7,
        13,
        "Show amounts",
        {
            "exports/money.py": (
                '"""Amounts for people."""\n\n\n'
                'def shown(cents, currency="EUR"):\n'
                '    """Return an amount with its currency."""\n'
                '    return f"{cents // 100}.{cents % 100:02} {currency}"\n'
            ),
            "test_money.py": (
                TEST.format(module="exports.money", names="shown", name="Money")
                + '    def test_shown(self):\n        self.assertEqual(shown(1205), "12.05 EUR")\n'
            ),
        },
        branch="amounts",
    ),
    Change(
        7,
        15,
        "Months have other lengths",
        {
            "exports/invoice.py": [
                ("def prorated(cents, days):", "def prorated(cents, days, month=30):"),
                ("(2 * cents * days + 30) // 60", "(2 * cents * days + month) // (2 * month)"),
            ],
        },
    ),
    Merge(8, 12, "amounts", "Show amounts", "For the letters; tables keep cents."),
    Change(
        9,
        9,
        "Amounts below nothing",
        {
            "exports/money.py": [
                (
                    '    return f"{cents // 100}',
                    (
                        '    sign = "-" if cents < 0 else ""\n    cents = abs(cents)\n'
                        '    return f"{sign}{cents // 100}'
                    ),
                )
            ],
            "test_money.py": [
                (
                    '"12.05 EUR")\n',
                    (
                        '"12.05 EUR")\n\n    def test_refund(self):\n'
                        '        self.assertEqual(shown(-5), "-0.05 EUR")\n'
                    ),
                )
            ],
        },
        "Refunds were shown as -1.95.",
    ),
    Change(
        10, 15, "Say how to run the tests", {"README.md": [("python -m unittest", "python -m unittest -v")]}
    ),
    Tag("v1.1"),
)

API: Story = (
    Change(
        0,
        11,
        "Begin",
        {
            "README.md": "# api\n\nWhat customers call. Limits are in `api/limits.py`.\n",
            "api/__init__.py": "",
            "api/limits.py": (
                '"""How many calls a customer may make."""\n\n'
                'CALLS = {"team": 60, "business": 300}\n\n\n'
                "def allowed(plan, used):\n"
                '    """Say whether one more call in this minute is within the plan."""\n'
                "    return used <= CALLS[plan]\n"
            ),
            "test_limits.py": (
                TEST.format(module="api.limits", names="allowed", name="Limits")
                + "    def test_within(self):\n        self.assertTrue(allowed('team', 59))\n"
            ),
        },
    ),
    Change(
        1,
        10,
        "Add the enterprise plan",
        {"api/limits.py": [('"business": 300}', '"business": 300, "enterprise": 6000}')]},
    ),
    Change(
        2,
        15,
        "Refuse the call after the last",
        {
            "api/limits.py": [("used <= CALLS", "used < CALLS")],
            "test_limits.py": [
                (
                    "allowed('team', 59))\n",
                    (
                        "allowed('team', 59))\n\n    def test_at_the_limit(self):\n"
                        "        self.assertFalse(allowed('team', 60))\n"
                    ),
                )
            ],
        },
        "Sixty calls are sixty, not sixty-one.",
    ),
    Tag("v2.0"),
    Change(
        4,
        11,
        "Give lists in pages",
        {
            "api/paging.py": (
                '"""Long answers in parts."""\n\n\n'
                "def pages(total, size):\n"
                '    """Return how many pages there are."""\n'
                "    return total // size + 1\n"
            ),
            "test_paging.py": (
                TEST.format(module="api.paging", names="pages", name="Paging")
                + "    def test_pages(self):\n        self.assertEqual(pages(25, 10), 3)\n"
            ),
        },
    ),
    Change(
        7,
        10,
        "Mask keys",
        {
            "api/keys.py": (
                '"""Keys of customers."""\n\n\n'
                "def masked(key):\n"
                '    """Return a key as it may be shown."""\n'
                '    return "…" + key[-4:] if len(key) > 8 else "…"\n'
            ),
            "test_keys.py": (
                TEST.format(module="api.keys", names="masked", name="Keys") + "    def test_masked(self):\n"
                '        self.assertEqual(masked("sk-123456789"), "…6789")\n'
            ),
        },
        "Keys stood in full in the log.",
        branch="mask-keys",
    ),
    Change(
        8,
        14,
        "No empty page at the end",
        {
            "api/paging.py": [("total // size + 1", "-(-total // size)")],
            "test_paging.py": [
                (
                    "pages(25, 10), 3)\n",
                    (
                        "pages(25, 10), 3)\n\n    def test_full_pages(self):\n"
                        "        self.assertEqual([pages(20, 10), pages(0, 10)], [2, 0])\n"
                    ),
                )
            ],
        },
    ),
    Merge(8, 16, "mask-keys", "Mask keys", "Keys stood in full in the log."),
    Change(10, 11, "Double the business plan", {"api/limits.py": [('"business": 300', '"business": 600')]}),
    Tag("v2.1"),
)

LEDGER: Story = (
    Change(
        1,
        9,
        "Begin",
        {
            "README.md": "# ledger\n\nWhat came in, and what it cost. Everything is in cents.\n",
            "ledger/__init__.py": "",
            "ledger/entries.py": (
                '"""Entries of an account: (moment, cents) pairs."""\n\n\n'
                "def balance(entries):\n"
                '    """Return what an account holds."""\n'
                "    return sum(cents for _, cents in entries)\n"
            ),
            "test_entries.py": (
                TEST.format(module="ledger.entries", names="balance", name="Entries")
                + "    def test_balance(self):\n"
                "        self.assertEqual(balance([(1, 500), (2, -200)]), 300)\n"
            ),
        },
    ),
    Change(
        2,
        13,
        "Balances of a moment",
        {
            "ledger/entries.py": [
                ("def balance(entries):", "def balance(entries, until=None):"),
                ("what an account holds.", "what an account holds, or held at a moment."),
                (
                    "sum(cents for _, cents in entries)",
                    "sum(cents for at, cents in entries if until is None or at <= until)",
                ),
            ],
            "test_entries.py": [
                (
                    "-200)]), 300)\n",
                    (
                        "-200)]), 300)\n\n    def test_until(self):\n"
                        "        self.assertEqual(balance([(1, 500), (2, -200)], until=1), 500)\n"
                    ),
                )
            ],
        },
    ),
    Change(
        3,
        10,
        "Fees of payments",
        {
            "ledger/fees.py": (
                '"""What a payment costs, in cents."""\n\n'
                'SHARE = {"card": 290, "debit": 80, "transfer": 0}\n'
                'FIXED = {"card": 30, "debit": 20, "transfer": 0}\n'
                "MOST = 5_000\n\n\n"
                "def fee(cents, method):\n"
                '    """Return the fee: a share (in 1/10,000) rounded half up, and something fixed."""\n'
                "    share = (cents * SHARE[method] + 5_000) // 10_000\n"
                "    return min(share + FIXED[method], MOST)\n"
            ),
            "test_fees.py": (
                TEST.format(module="ledger.fees", names="fee", name="Fees")
                + "    def test_transfer(self):\n        self.assertEqual(fee(10_000, 'transfer'), 0)\n\n"
                "    def test_card(self):\n        self.assertEqual(fee(10_000, 'card'), 320)\n"
            ),
        },
    ),
    Change(
        4,
        14,
        "Never more than the most",
        {
            "test_fees.py": [
                (
                    "'card'), 320)\n",
                    (
                        "'card'), 320)\n\n    def test_most(self):\n"
                        "        self.assertLessEqual(fee(900_000, 'card'), 5_030)\n"
                    ),
                )
            ],
        },
    ),
    Tag("v0.9"),
)

STORIES: Mapping[str, Story] = {"api": API, "exports": EXPORTS, "ledger": LEDGER}
"""Repository → its history."""
