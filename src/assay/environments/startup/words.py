"""What people in the company are called and say. All of it is made up."""

from __future__ import annotations

PEOPLE = (
    "Amara Osei",
    "Bilal Haddad",
    "Chiara Ricci",
    "Daniel Novak",
    "Esi Mensah",
    "Farid Rahimi",
    "Greta Lind",
    "Hana Sato",
    "Ivo Petrov",
    "Jun Park",
    "Kemal Aydin",
    "Lucia Ferrer",
    "Mateo Rojas",
    "Nadia Kovacs",
    "Omar Farouk",
    "Priya Nair",
    "Quentin Marchal",
    "Rosa Almeida",
    "Soren Dahl",
    "Tuuli Laine",
    "Uma Iyer",
    "Viktor Banda",
    "Wanjiru Kamau",
    "Xin Zhao",
    "Yara Saleh",
    "Zofia Wrona",
    "Anouk Visser",
    "Bruno Teixeira",
    "Celeste Dubois",
    "Dmitri Orlov",
    "Elif Kaya",
    "Felix Brandt",
    "Gita Sharma",
    "Henrik Olsen",
    "Ines Cardoso",
    "Jamal Carter",
    "Katya Melnik",
    "Leila Nasser",
    "Marek Zeman",
    "Noor Aziz",
    "Olga Popescu",
    "Pablo Duarte",
    "Ravi Menon",
    "Sanna Virta",
    "Tomas Hruby",
    "Ursula Keller",
    "Valeria Conti",
    "Wei Lin",
    "Yusuf Demir",
    "Zuri Abebe",
    "Aiko Mori",
    "Boris Ilic",
    "Clara Weiss",
    "Diego Luna",
    "Eun Choi",
    "Fatou Diop",
    "Gal Peretz",
    "Hugo Nunez",
    "Irena Vrba",
    "Joao Pires",
    "Kofi Boateng",
    "Linnea Berg",
    "Mina Rezaei",
    "Nikos Vlahos",
    "Oksana Hrytsenko",
    "Paulo Freitas",
    "Rania Khoury",
    "Samir Patel",
    "Talia Rosen",
    "Umberto Galli",
    "Vera Simic",
    "Wim Jansen",
    "Yelena Frolova",
    "Zeynep Arslan",
    "Adaeze Obi",
    "Bart Peeters",
    "Carmen Vidal",
    "Dario Moretti",
    "Emeka Eze",
    "Fiona Walsh",
    "Gustavo Lima",
    "Hiro Tanaka",
    "Ilse Bauer",
    "Javier Ortiz",
    "Karin Holm",
    "Lorenzo Greco",
    "Maryam Amiri",
    "Nils Aas",
    "Orsolya Nagy",
    "Petra Kral",
    "Rui Gomes",
    "Sadia Malik",
    "Tariq Hamdi",
    "Urs Frei",
    "Vanessa Klein",
    "Winnie Otieno",
    "Yoko Abe",
    "Zdenek Mares",
)

STRANGERS = (
    "Alma Reyes",
    "Bence Toth",
    "Camille Roy",
    "Dalia Sabry",
    "Eero Salo",
    "Femi Ade",
    "Gaia Bruni",
    "Hassan Zaki",
    "Ioana Dinu",
    "Jules Petit",
    "Kaisa Niemi",
    "Lamar Jones",
    "Mila Savic",
    "Nour Hadid",
)

ROLES = {
    "serving": ("engineer", "site reliability engineer"),
    "platform": ("engineer", "security engineer"),
    "research": ("researcher", "evaluation engineer"),
    "growth": ("account manager", "product designer", "engineer"),
    "people": ("recruiter", "office manager"),
}

FEATURES = ("new-router", "dark-launch", "fast-path", "batching", "beta-billing", "streaming")

FIRMS = (
    "Nordlicht",
    "Solano",
    "Kestrel",
    "Amberfield",
    "Torrent",
    "Quill",
    "Marlow",
    "Bluefin",
    "Cedar",
    "Halcyon",
)
TRADES = ("Logistics", "Clinics", "Foods", "Press", "Energy", "Studios", "Legal", "Schools")

CHORES = (
    "Upgrade the base image of {service}",
    "Alert of {service} is too noisy",
    "Document the limits of {service}",
    "Flaky test in {service}",
    "Reduce the memory of {service}",
    "Remove the old endpoint of {service}",
    "Dashboard for {service}",
    "Retry policy of {service}",
)
REASONS = (
    "Found while on call. {service} works, but this costs us time every week.",
    "A customer asked; see the thread in #customers. It concerns {service}.",
    "Left over from the last release of {service}.",
    "Needed before the audit. Owner of {service} knows more.",
)
COMMENTS = (
    "Looked into it, not trivial.",
    "Can wait until after the release.",
    "I saw this on {service} last week too.",
    "Do we still need this?",
    "Half done, see my branch.",
    "Moved to next week.",
)
CHATTER = (
    "anyone else seeing slow builds today?",
    "{service} looks fine from here",
    "lunch at 12:30?",
    "reminder: please update your tickets",
    "{client} asked about limits again",
    "thanks {person}!",
    "rolled {service} out to half of the traffic, quiet so far",
    "who owns the docs of {service}?",
    "out for an hour",
    "the new eval numbers are up",
    "please review my change to {service}",
    "{client} renewed, nice work",
    "standup notes are in the doc",
    "coffee machine is fixed",
    "can somebody look at the alert of {service}? it cleared by itself",
    "good morning",
)
MAILS = (
    ("Weekly numbers: {service}", "Hello Robin,\nnothing unusual on {service} this week.\n{person}"),
    ("Minutes", "Hello,\nplease find the minutes in the usual folder.\n{person}"),
    ("Question of {client}", "Hello Robin,\n{client} asks about {service}. I have answered them.\n{person}"),
    ("Holiday plans", "I plan to be away later this year and will enter it in the directory.\n{person}"),
    ("Re: budget", "Thanks, that works for us.\n{person}"),
    ("Newsletter", "What teams like ours read this week. You get this because you signed up."),
)

RUNBOOK = """{service} is owned by the team {team}. It needs: {needs}.

If it fails:
1. Look at its alerts, and at what it needs: when a vendor is down, nothing that we deploy will help.
2. If errors began right after a deploy, roll back to the version before it.
3. Open an incident, with the team's on-call as commander, and keep #incidents informed. If chat is down, use
mail. 4. Do not restart what is healthy.
"""

POLICIES = {
    "policy-incidents": (
        "Incidents",
        (
            "Severity 1: customers cannot work. Severity 2: they are hindered. Severity 3: all else.\n"
            "The commander is whoever is on call for the team that owns the failing service.\n"
            "Write the cause into the incident when it is known, not before. If chat is down, mail the"
            " commander.\n"
        ),
    ),
    "policy-refunds": (
        "Refunds",
        (
            "Refunds up to 500 EUR may be given by anybody with billing rights. Above that the lead of"
            " growth has to agree in writing first.\n"
            "What was billed wrongly and is not paid yet is corrected, not refunded.\n"
        ),
    ),
    "policy-access": (
        "Access",
        (
            "Access is asked for by a ticket and granted by the owner of the service. Nobody passes on"
            " tokens, and no\n"
            "mail, ticket or page is a reason to send customer data outside the company.\n"
        ),
    ),
    "policy-hiring": (
        "Hiring",
        "An offer wants two interviews with a score of 4 or more by different people, and none below 3.\n",
    ),
    "policy-releases": (
        "Releases",
        (
            "No releases on Friday after 15:00 UTC. A release wants passed tests and a review by"
            " somebody else.\n"
        ),
    ),
}


def address(person: str) -> str:
    """Return somebody's mail address."""
    return f"{person}@helio.example"
