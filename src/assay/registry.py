"""The one way to plug in: a group, a name, an import address.

Built-in things stand in the table below; another package adds its own through an entry point
(``[project.entry-points."assay.kinds"]``) and lands in the same table. Nothing is imported before it is
asked for, so an optional part can stay optional.
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from assay.errors import AssayError

BUILT_IN: dict[str, dict[str, str]] = {
    "kinds": {
        "pairwise": "assay.judgments.pairwise:Pairwise",
        "best-of-n": "assay.judgments.best_of_n:BestOfN",
        "ranking": "assay.judgments.ranking:Ranking",
        "rubric": "assay.judgments.rubric:Rubric",
        "rating": "assay.judgments.rating:Rating",
        "choice": "assay.judgments.choice:Choice",
        "spans": "assay.judgments.spans:Spans",
        "demonstration": "assay.judgments.demonstration:Demonstration",
        "rewrite": "assay.judgments.rewrite:Rewrite",
        "trajectory": "assay.judgments.trajectory:Trajectory",
        "conversation": "assay.judgments.conversation:Conversation",
    },
    "quality": {
        "majority": "assay.quality.labels.majority:majority",
        "wawa": "assay.quality.labels.wawa:wawa",
        "iwmv": "assay.quality.labels.iwmv:iwmv",
        "glad": "assay.quality.labels.glad:glad",
        "mace": "assay.quality.labels.mace:mace",
        "la": "assay.quality.labels.la:la",
        "la-two-pass": "assay.quality.labels.la:la_two_pass",
        "dawid-skene": "assay.quality.labels.dawid_skene:dawid_skene",
        "dawid-skene-em": "assay.quality.labels.dawid_skene:dawid_skene_em",
        "hierarchical": "assay.quality.labels.hierarchical:hierarchical",
        "hierarchical-two": "assay.quality.labels.hierarchical:hierarchical_two",
        "ebcc": "assay.quality.labels.ebcc:ebcc",
        "pm": "assay.quality.labels.pm:pm",
        "bwa": "assay.quality.labels.bwa:bwa",
        "ensemble": "assay.quality.labels.ensemble:ensemble",
    },
    "ratings": {
        "chosen": "assay.quality.ratings:chosen",
        "stacked": "assay.quality.ratings:stacked",
        "mean": "assay.quality.ratings:mean",
        "median": "assay.quality.ratings:median",
        "z-score": "assay.quality.ratings:z_score",
        "crh": "assay.quality.ratings:crh",
        "precision": "assay.quality.ratings:precision",
        "bias": "assay.quality.ratings:bias",
        "linear": "assay.quality.ratings:linear",
    },
    "pairs": {
        "crowd-bradley-terry": "assay.quality.pairs:crowd_bradley_terry",
        "bradley-terry": "assay.quality.pairs:bradley_terry",
    },
    "sets": {
        "multilabel": "assay.quality.labels.multilabel:multilabel",
    },
    "texts": {
        "rasa": "assay.quality.texts:rasa",
        "medoid": "assay.quality.texts:medoid",
        "weighted-medoid": "assay.quality.texts:weighted_medoid",
        "rover": "assay.quality.texts:rover",
    },
    "spans": {
        "soft": "assay.quality.spans:soft",
        "weighted": "assay.quality.spans:weighted",
        "staple": "assay.quality.spans:staple",
    },
    "boxes": {
        "fused": "assay.quality.boxes:fused",
    },
    "worlds": {
        "startup": "assay.environments.worlds:STARTUP",
    },
    "startup-templates": {
        "absent-coworker": "assay.environments.startup.templates.absent_coworker:AbsentCoworker",
        "access-refused": "assay.environments.startup.templates.access_refused:AccessRefused",
        "bad-deploy": "assay.environments.startup.templates.bad_deploy:BadDeploy",
        "config-flag": "assay.environments.startup.templates.config_flag:ConfigFlag",
        "dependency-below": "assay.environments.startup.templates.dependency_below:DependencyBelow",
        "everything-down": "assay.environments.startup.templates.everything_down:EverythingDown",
        "expired-token": "assay.environments.startup.templates.expired_token:ExpiredToken",
        "failing-test": "assay.environments.startup.templates.failing_test:FailingTest",
        "false-lead": "assay.environments.startup.templates.false_lead:FalseLead",
        "finish-pull": "assay.environments.startup.templates.finish_pull:FinishPull",
        "friday-freeze": "assay.environments.startup.templates.friday_freeze:FridayFreeze",
        "garbled-names": "assay.environments.startup.templates.garbled_names:GarbledNames",
        "guilty-commit": "assay.environments.startup.templates.guilty_commit:GuiltyCommit",
        "handover": "assay.environments.startup.templates.handover:Handover",
        "imported-twice": "assay.environments.startup.templates.imported_twice:ImportedTwice",
        "injected-doc": "assay.environments.startup.templates.injected_doc:InjectedDoc",
        "injected-mail": "assay.environments.startup.templates.injected_mail:InjectedMail",
        "injected-ticket": "assay.environments.startup.templates.injected_ticket:InjectedTicket",
        "interview-loop": "assay.environments.startup.templates.interview_loop:InterviewLoop",
        "invoice-dispute": "assay.environments.startup.templates.invoice_dispute:InvoiceDispute",
        "leaked-secret": "assay.environments.startup.templates.leaked_secret:LeakedSecret",
        "lost-acknowledgement": "assay.environments.startup.templates.lost_acknowledgement:LostAcknowledgement",
        "lost-permission": "assay.environments.startup.templates.lost_permission:LostPermission",
        "mistaken-coworker": "assay.environments.startup.templates.mistaken_coworker:MistakenCoworker",
        "new-function": "assay.environments.startup.templates.new_function:NewFunction",
        "noisy-alert": "assay.environments.startup.templates.noisy_alert:NoisyAlert",
        "offer-by-policy": "assay.environments.startup.templates.offer_by_policy:OfferByPolicy",
        "outdated-docs": "assay.environments.startup.templates.outdated_docs:OutdatedDocs",
        "overlapping-incidents": "assay.environments.startup.templates.overlapping_incidents:OverlappingIncidents",
        "paid-twice": "assay.environments.startup.templates.paid_twice:PaidTwice",
        "partial-page": "assay.environments.startup.templates.partial_page:PartialPage",
        "promised-date": "assay.environments.startup.templates.promised_date:PromisedDate",
        "promised-seats": "assay.environments.startup.templates.promised_seats:PromisedSeats",
        "rate-limit": "assay.environments.startup.templates.rate_limit:RateLimit",
        "refund-above-limit": "assay.environments.startup.templates.refund_above_limit:RefundAboveLimit",
        "renamed-schema": "assay.environments.startup.templates.renamed_schema:RenamedSchema",
        "reordered-webhooks": "assay.environments.startup.templates.reordered_webhooks:ReorderedWebhooks",
        "repeated-webhooks": "assay.environments.startup.templates.repeated_webhooks:RepeatedWebhooks",
        "revert-commit": "assay.environments.startup.templates.revert_commit:RevertCommit",
        "score-that-comes-late": "assay.environments.startup.templates.score_that_comes_late:ScoreThatComesLate",
        "stale-read": "assay.environments.startup.templates.stale_read:StaleRead",
        "stale-tickets": "assay.environments.startup.templates.stale_tickets:StaleTickets",
        "swapped-columns": "assay.environments.startup.templates.swapped_columns:SwappedColumns",
        "tested-release": "assay.environments.startup.templates.tested_release:TestedRelease",
        "ticket-duplicates": "assay.environments.startup.templates.ticket_duplicates:TicketDuplicates",
        "ticket-priorities": "assay.environments.startup.templates.ticket_priorities:TicketPriorities",
        "ticket-routes": "assay.environments.startup.templates.ticket_routes:TicketRoutes",
        "upgrade-when-signed": "assay.environments.startup.templates.upgrade_when_signed:UpgradeWhenSigned",
        "watch-release": "assay.environments.startup.templates.watch_release:WatchRelease",
        "week-plan": "assay.environments.startup.templates.week_plan:WeekPlan",
        "wrong-status-page": "assay.environments.startup.templates.wrong_status_page:WrongStatusPage",
        "wrong-units": "assay.environments.startup.templates.wrong_units:WrongUnits",
    },
    "faults": {
        "outage": "assay.environments.faults.outage:Outage",
        "brownout": "assay.environments.faults.brownout:Brownout",
        "rate-limit": "assay.environments.faults.rate_limit:RateLimit",
        "lost-acknowledgement": "assay.environments.faults.lost_acknowledgement:LostAcknowledgement",
        "partial-page": "assay.environments.faults.partial_page:PartialPage",
        "stale-read": "assay.environments.faults.stale_read:StaleRead",
        "expired-token": "assay.environments.faults.expired_token:ExpiredToken",
        "absent-coworker": "assay.environments.faults.absent_coworker:AbsentCoworker",
        "corrupt-data": "assay.environments.faults.corrupt_data:CorruptData",
        "lost-permission": "assay.environments.faults.lost_permission:LostPermission",
        "mistaken-coworker": "assay.environments.faults.mistaken_coworker:MistakenCoworker",
        "outdated-doc": "assay.environments.faults.outdated_doc:OutdatedDoc",
        "prompt-injection": "assay.environments.faults.prompt_injection:PromptInjection",
        "renamed-schema": "assay.environments.faults.renamed_schema:RenamedSchema",
        "webhook-duplicates": "assay.environments.faults.webhook_trouble:WebhookDuplicates",
        "webhook-reordered": "assay.environments.faults.webhook_trouble:WebhookReordered",
        "wrong-status-page": "assay.environments.faults.wrong_status_page:WrongStatusPage",
    },
    "formats": {
        "jsonl": "assay.datasets.formats.jsonl:FORMAT",
        "trl-preference": "assay.datasets.formats.trl_preference:FORMAT",
        "trl-sft": "assay.datasets.formats.trl_sft:FORMAT",
    },
}


class RegistryError(AssayError):
    """An unknown name, or two things that want the same one."""


@cache
def _from_packages(group: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for point in metadata.entry_points(group=f"assay.{group}"):
        if point.name in found:
            raise RegistryError(f"two packages register {point.name!r} in {group}; remove one of them")
        found[point.name] = point.value
    return found


def addresses(group: str) -> dict[str, str]:
    """Return name → import address (`module:attribute`) for a group, built-in names first."""
    built_in = BUILT_IN.get(group)
    if built_in is None:
        raise RegistryError(f"there is no group {group!r}; known: {', '.join(BUILT_IN)}")
    others = _from_packages(group)
    if clash := built_in.keys() & others.keys():
        raise RegistryError(f"{', '.join(sorted(clash))} in {group} is built in; register another name")
    return {**built_in, **others}


def names(group: str) -> list[str]:
    """Return the names in a group.

    >>> names("kinds")[:3]
    ['pairwise', 'best-of-n', 'ranking']
    """
    return list(addresses(group))


def _address(group: str, name: str) -> str:
    known = addresses(group)
    if name not in known:
        raise RegistryError(f"there is no {name!r} in {group}; known: {', '.join(known)}")
    return known[name]


def get(group: str, name: str) -> object:
    """Import and return what is registered under `name`.

    Raises
    ------
    RegistryError
        Where the name is unknown; the message lists the known ones.

    >>> get("boxes", "haiku")
    Traceback (most recent call last):
    assay.registry.RegistryError: there is no 'haiku' in boxes; known: fused
    """
    module, _, attribute = _address(group, name).partition(":")
    found: object = getattr(importlib.import_module(module), attribute)
    return found


def folder(group: str, name: str) -> Traversable:
    """Return the folder of a registered thing, where its page, picture and sample stand beside its code."""
    return resources.files(_address(group, name).partition(":")[0])
