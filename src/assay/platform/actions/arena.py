"""Entering models in an arena, and holding battles: a prompt, a draw, two answers, a vote.

The draw is stored before anything is shown, and nothing that a person wrote is lost when a model fails: the
prompt stays with the battle, and goes back to its writer if they give the battle up.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.errors import AnswerError, AssayError
from assay.inference import Endpoint, InferenceError, addresses
from assay.judgments import TEXT_LIMIT, written
from assay.platform.actions import work as works
from assay.platform.actions.statements import change, insert, save
from assay.platform.arena_looks import looks
from assay.platform.models import (
    BattleRow,
    EntrantRow,
    ItemRow,
    LeaseRow,
    PersonRow,
    PilotRow,
    ProjectRow,
    SampleRow,
    State,
    TurnRow,
    WorkRow,
)
from assay.platform.queries import arena, pilots, projects, queue, routing, work

LONGEST = 200
SYSTEM_LIMIT = 20_000
MOST_EVENTS = 400
"""The page logs no more than this for one battle."""
EVENT_LIMIT = 400
HOTTEST = 2.0


# -- the record of models ----------------------------------------------------------------------------------


@transaction.atomic
def register(*, project: ProjectRow, person: PersonRow, given: Mapping[str, str]) -> EntrantRow:
    """Enter a model, for good: it can be retired, and stays in the record.

    `given` holds `name`, `provider`, `url` (blank: the small model in the box), `model`, `key`, `system` and
    `temperature`, as they were typed.
    """
    texts = {name: given.get(name, "").strip() for name in ("name", "provider", "url", "model", "key")}
    system = given.get("system", "").replace("\r\n", "\n").strip()
    for field in ("name", "provider"):
        if not texts[field] or len(texts[field]) > LONGEST:
            raise AnswerError(field, _("Give the model a name and a provider of up to 200 characters each."))
    if len(system) > SYSTEM_LIMIT:
        raise AnswerError("system", _("Keep it under %s characters.") % SYSTEM_LIMIT)
    temperature = _temperature(given.get("temperature", ""))
    _check_address(texts["url"], texts["model"], texts["key"])
    digest = hashlib.sha256(
        json.dumps([texts["url"], texts["model"], system, temperature], ensure_ascii=False).encode()
    ).hexdigest()
    for twin in EntrantRow.objects.filter(project=project, digest=digest, retired_at__isnull=True):
        raise AnswerError("name", _("“%s” is this very model: same address, prompt and settings.") % twin)
    try:
        with transaction.atomic():
            return EntrantRow.objects.create(
                project=project,
                **texts,
                system=system,
                temperature=temperature,
                digest=digest,
                registered_at=timezone.now(),
                registered_by=person,
            )
    except IntegrityError as twice:
        text = _("A model of that name is in the record already; names are never used again.")
        raise AnswerError("name", text) from twice


def _temperature(text: str) -> float:
    try:
        found = float(text.strip().replace(",", ".") or 0.7)
    except ValueError as wrong:
        raise AnswerError("temperature", _("Temperature: a number from 0 to 2.")) from wrong
    if not 0 <= found <= HOTTEST:
        raise AnswerError("temperature", _("Temperature: a number from 0 to 2."))
    return found


def _check_address(url: str, model: str, key: str) -> None:
    if not url:
        if model or key:
            raise AnswerError(
                "url", _("A model and a key need an address; without one it is the small model.")
            )
        return
    if not model:
        raise AnswerError("model", _("Say under which name the server knows the model."))
    if len(url) > 500 or len(model) > LONGEST or len(key) > 500:
        raise AnswerError("url", _("That is too long to be an address, a model or a key."))
    try:
        addresses.check(Endpoint(url, model, key=key or None))
    except InferenceError as wrong:
        raise AnswerError("url", wrong.args[0]) from wrong


@transaction.atomic
def retire(*, project: ProjectRow, person: PersonRow, number: int, because: str) -> EntrantRow:
    """Draw a model no more; what was said of it stays, and its name is never used again."""
    row = arena.entrant(project, number)
    because = because.strip()
    if not because:
        raise AnswerError("because", _("Say in a sentence why the model is retired: the record shows it."))
    if row.retired_at is None:
        row.retired_at, row.retired_by, row.retired_because = timezone.now(), person, because[:1000]
        row.save(update_fields=["retired_at", "retired_by", "retired_because"])
    return row


# -- writing a prompt --------------------------------------------------------------------------------------


def desk(*, person: PersonRow, project: ProjectRow) -> BattleRow:
    """Return the battle that a person is about to begin, with what they typed so far."""
    found = _desk(person, project)
    if found.given is None and not arena.terms(project).own:
        return another_prompt(person=person, token=found.token)
    return found


def _desk(person: PersonRow, project: ProjectRow) -> BattleRow:
    if found := arena.being_written(person, project):
        return found
    try:
        with transaction.atomic():
            return insert(BattleRow(project=project, person=person, token=secrets.token_urlsafe(32)))
    except IntegrityError:  # another tab of the same person asked at the same moment
        found = arena.being_written(person, project)
        if found is None:
            raise
        return found


@transaction.atomic
def save_draft(*, person: PersonRow, token: str, draft: Mapping[str, object]) -> BattleRow:
    """Keep a prompt as far as it is typed."""
    kept, found = works.storable(draft), arena.battle(person, token, lock=True)
    if found.state == BattleRow.WRITING:
        found.draft = kept
        found.save(update_fields=["draft"])
    return found


@transaction.atomic
def another_prompt(*, person: PersonRow, token: str, rng: np.random.Generator | None = None) -> BattleRow:
    """Give a person one of the project's prompts that they have not had, drawn among those used least."""
    found = arena.battle(person, token, lock=True)
    if found.state != BattleRow.WRITING:
        return found
    left = arena.prompts_left(found)[:2_000]
    others = [number for number in left if number != found.given_id] or left
    if not others:
        return found
    used = dict.fromkeys(others, 0)
    rows = BattleRow.objects.filter(project=found.project_id, given__in=others, drawn_at__isnull=False)
    for number in rows.values_list("given", flat=True):
        used[number] += 1
    fewest = min(used.values())
    least = [number for number in others if used[number] == fewest]
    item = ItemRow.objects.get(pk=int((rng or np.random.default_rng()).choice(least)))
    found.given, found.draft = item, {**found.draft, "prompt": item.prompt, "language": item.language}
    found.save(update_fields=["given", "draft"])
    return found


# -- holding a battle --------------------------------------------------------------------------------------


def begin(
    *,
    person: PersonRow,
    token: str,
    said: Mapping[str, object],
    policy: Mapping[tuple[str, str], float] | None = None,
    rng: np.random.Generator | None = None,
) -> LeaseRow:
    """Draw two models for a prompt and let them answer; the same prompt sent twice begins one battle.

    `policy` maps two names to the chance of drawing them, where the votes so far say which pairs tell most;
    without it every pair is alike. What is refused stays at hand as it was typed.
    """
    said = works.storable(said)
    try:
        return _begin(person, token, said, policy, rng or np.random.default_rng())
    except AssayError:
        save_draft(person=person, token=token, draft=said)
        raise


@transaction.atomic
def _begin(
    person: PersonRow,
    token: str,
    said: Mapping[str, object],
    policy: Mapping[tuple[str, str], float] | None,
    rng: np.random.Generator,
) -> LeaseRow:
    found = arena.battle(person, token, lock=True)
    if found.state != BattleRow.WRITING:
        if lease := arena.lease_of(found):
            return lease
        raise AssayError(_("This battle is over; begin another one."))
    found.draft = dict(said)
    project, brief = found.project, projects.latest_brief(found.project)
    live = arena.terms_of(brief)
    if why := _closed(project, person):
        raise AssayError(why)
    prompt = written(said, "prompt", limit=TEXT_LIMIT)
    given = found.given if found.given and (not live.own or found.given.prompt.strip() == prompt) else None
    if given is None and not live.own:
        raise AnswerError("prompt", _("You have had every prompt of this project. Thank you."))
    prompt = given.prompt if given else prompt
    if not prompt:
        raise AnswerError("prompt", _("Write a prompt first: two models will answer it."))
    first, second, chance, name = draw(arena.active(project), policy, rng)
    source = given.key if given else "own-" + hashlib.blake2b(prompt.encode(), digest_size=10).hexdigest()
    for lease in work.leases(person, project):
        works.put_aside(lease, until=timezone.now() - timedelta(seconds=1))
    row = _lay_out(found, prompt, given, _language(said, project, given), (first, second))
    brief.project = project
    lease = works.lease_out(person, brief, row.pk, rng)
    if lease is None:
        raise AssayError(_("The project has all the judgments that its budget allows."))
    found.state, found.work, found.source, found.policy, found.propensity = (
        BattleRow.BEGUN, row, source, name, chance,
    )  # fmt: skip
    found.first, found.second, found.drawn_at = first, second, timezone.now()
    found.given = given
    found.order = BattleRow.AB if lease.shown == row.samples else BattleRow.BA
    save(
        found,
        *("state", "draft", "given", "work", "source", "first", "second"),
        *("order", "policy", "propensity", "drawn_at"),
    )
    _ask(found, 1, prompt)
    return lease


def _closed(project: ProjectRow, person: PersonRow) -> str:
    """Say why no battle can begin in a project as it stands; nothing where one can."""
    if not routing.uses(project):
        return " ".join(queue.why_nothing(person, project))
    pilot = pilots.running(project) if project.state == State.PILOT else None
    if pilot and pilots.works_of(pilot).count() >= pilot.works:
        return _("The pilot has all its battles. Judge what others have asked, if there is something left.")
    return ""


def draw(
    entered: Sequence[EntrantRow],
    policy: Mapping[tuple[str, str], float] | None,
    rng: np.random.Generator,
) -> tuple[EntrantRow, EntrantRow, float, str]:
    """Draw two models; return them in the order of registration, the chance these two had, and the policy.

    A policy that does not know every pair (a model was entered since) is set aside: each pair must have a
    chance that is known.
    """
    if len(entered) < 2:
        raise AssayError(_("Two models are needed for a battle, and the owners have not entered them yet."))
    pairs = [(one, other) for place, one in enumerate(entered) for other in entered[place + 1 :]]
    names = [(one.name, other.name) for one, other in pairs]
    known = [(policy or {}).get(pair) for pair in names]
    decisive = all(chance is not None and chance > 0 for chance in known)
    chances = np.array(list(known) if decisive else [1.0] * len(pairs), dtype=float)
    chances = chances / chances.sum()
    place = int(rng.choice(len(pairs), p=chances))
    first, second = pairs[place]
    return first, second, float(chances[place]), "decisive" if decisive else "uniform"


def _language(said: Mapping[str, object], project: ProjectRow, given: ItemRow | None) -> str:
    tag = str(said.get("language", "")).strip()
    return tag[:35] if tag else given.language if given else "und"


def _lay_out(
    found: BattleRow,
    prompt: str,
    given: ItemRow | None,
    language: str,
    pair: tuple[EntrantRow, EntrantRow],
) -> WorkRow:
    """Lay out the work of a battle: an item of its own, and two answers that are still to come."""
    project = found.project
    item = insert(
        ItemRow(
            project=project,
            key=f"battle-{found.pk}",
            prompt=prompt,
            context=given.context if given else "",
            language=language or "und",
            domain=given.domain if given else "",
        )
    )
    samples = [
        insert(SampleRow(item=item, key=f"{item.key}/{place}", author=model.name, text=""))
        for place, model in enumerate(pair, start=1)
    ]
    if item.language not in project.languages:
        languages = sorted({*project.languages, item.language})
        ProjectRow.objects.filter(pk=project.pk).update(languages=languages)
    return insert(
        WorkRow(
            project=project,
            key=item.key,
            item=item,
            samples=[row.pk for row in samples],
            use=WorkRow.PILOT if project.state == State.PILOT else WorkRow.BATTLE,
            language=item.language,
            domain=item.domain,
            cap=1,
        )
    )


def _ask(found: BattleRow, number: int, message: str) -> None:
    """Write down what a person says, and that two answers are wanted."""
    new = [TurnRow(side=TurnRow.PERSON, author=found.person.name, text=message, state=TurnRow.DONE)]
    new += [
        TurnRow(side=side, author=model.name) for side, model in zip(arena.SIDES, found.on_page, strict=True)
    ]
    for row in new:
        row.project, row.token, row.number = found.project, found.token, number
        insert(row)


@transaction.atomic
def follow_up(*, person: PersonRow, token: str, number: int, said: Mapping[str, object]) -> BattleRow:
    """Say something more to both models; the same again changes nothing."""
    found, said = arena.battle(person, token, lock=True), works.storable(said)
    message, told = written(said, "message", limit=TEXT_LIMIT), arena.shown(found)
    if not message:
        raise AnswerError("message", _("Write something to the models first."))
    if 1 < number <= len(told):
        if told[number - 1].said != message:
            raise AnswerError("message", _("You have said something else at this turn already."))
        return found
    if arena.lease_of(found) is None:
        raise AssayError(_("This battle is over; begin another one."))
    if number != len(told) + 1:
        raise AnswerError("message", _("The conversation has gone on elsewhere; reload the page."))
    if len(told) > arena.terms(found.project).follow_ups:
        raise AnswerError("message", _("There are no more follow-ups here; say which answer is better."))
    if found.answered_at is None:
        raise AnswerError("message", _("Wait until both answers are whole, or ask for them again."))
    # In a pilot others judge the same answers: these stay as they are once somebody else has them.
    if not WorkRow.objects.filter(pk=found.work_id or 0, taken__lte=1).update(cap=1):
        raise AnswerError("message", _("Others are reading these answers already; say which one is better."))
    found.answered_at = None
    found.save(update_fields=["answered_at"])
    _ask(found, number, message)
    return found


@transaction.atomic
def ask_again(*, person: PersonRow, token: str) -> BattleRow:
    """Ask both models of a battle once more for the answer of its last turn, where one had none.

    Both: if only one began anew it could be told from the other.
    """
    found = arena.battle(person, token, lock=True)
    rows = TurnRow.objects.filter(project=found.project_id, token=found.token)
    last = rows.aggregate(last=Max("number"))["last"]
    own = rows.filter(number=last, side__in=arena.SIDES)
    if own.filter(state=TurnRow.FAILED).exists():
        _log(found, [{"name": "asked again", "turn": last}])
        save(found, "events")
        own.update(state=TurnRow.WAITING, text="", problem="", fault="", worker="", beat_at=None)
    return found


@transaction.atomic
def give_up(*, person: PersonRow, token: str) -> BattleRow:
    """Give up a battle whose models do not answer, and return the desk with its prompt on it."""
    found = arena.battle(person, token, lock=True)
    fresh = _desk(person, found.project)
    lease = arena.lease_of(found)
    if found.state != BattleRow.BEGUN or lease is None or found.work is None:
        return fresh
    told = arena.shown(found)
    found.state, found.left_because = BattleRow.LEFT, told[-1].fault or told[-1].state
    found.save(update_fields=["state", "left_because"])
    works.skip_work(person=person, token=lease.token)
    WorkRow.objects.filter(pk=found.work.pk, judged=0, taken=0).update(cap=0)
    if not fresh.draft.get("prompt"):
        item = found.work.item
        fresh.draft = {**fresh.draft, "prompt": item.prompt, "language": item.language}
        fresh.given = found.given
        fresh.save(update_fields=["draft", "given"])
    return fresh


@transaction.atomic
def note(*, person: PersonRow, token: str, events: Sequence[object]) -> BattleRow:
    """Keep what the page saw: how far each answer was scrolled, when the reader looked away."""
    found = arena.battle(person, token, lock=True)
    if found.state != BattleRow.WRITING:
        _log(found, [each for each in map(_event, events) if each])
        save(found, "events")
    return found


def _event(said: object) -> dict[str, object] | None:
    """Return an event with its name, its time and its numbers, or nothing where it is none."""
    if not isinstance(said, Mapping) or not isinstance(said.get("name"), str):
        return None
    told: dict[str, object] = {
        str(name)[:40]: value[:40] if isinstance(value, str) else value
        for name, value in list(said.items())[:8]
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
    try:
        works.storable(told)
    except AnswerError:
        return None
    return told if len(json.dumps(told)) <= EVENT_LIMIT else None


def _log(found: BattleRow, events: Sequence[Mapping[str, object]]) -> None:
    found.events = [*found.events, *events][:MOST_EVENTS]


@transaction.atomic
def reveal(*, person: PersonRow, number: int) -> BattleRow:
    """Show a person which models they voted on, if the brief lets them; their vote stands from then on."""
    judgment, found = arena.own_done(person, number)
    if not judgment.brief.record().live or not arena.terms(found.project).reveal:
        raise AssayError(_("The brief does not show which models answered."))
    if LeaseRow.objects.filter(replaces=judgment).exclude(state=LeaseRow.SKIPPED).exists():
        raise AssayError(_("You have taken this vote back: submit it first."))
    if found.revealed_at is None:
        found.revealed_at = timezone.now()
        found.save(update_fields=["revealed_at"])
    return found


# -- the worker's side -------------------------------------------------------------------------------------


@transaction.atomic
def answered(row: TurnRow, *, first_s: float | None, seconds: float, fault: str = "") -> None:
    """Log how an answer came, and lay both before the reader once they are whole."""
    found = arena.answering(row)
    if found is None:
        return
    timed = {"first_token_s": round(first_s, 3)} if first_s is not None else {}
    told = {"name": "failed" if fault else "answered", "turn": row.number, "model": row.author}
    _log(found, [{**told, "place": row.side.upper(), **timed, "seconds": round(seconds, 3), "fault": fault}])
    laid = _lay_before(found)
    save(found, "events", *laid)


@transaction.atomic
def lay_before(*, person: PersonRow, token: str) -> BattleRow:
    """Lay two whole answers before their reader, where the worker that wrote the last one died before it."""
    found = arena.battle(person, token, lock=True)
    if laid := _lay_before(found):
        save(found, *laid)
    return found


def _lay_before(found: BattleRow) -> tuple[str, ...]:
    """Set what is known once both answers are whole; return the names of what is to be kept of the battle."""
    work_row = found.work
    if work_row is None or found.answered_at is not None:
        return ()
    turns = arena.shown(found)
    if turns[-1].state != TurnRow.DONE:
        return ()
    on_page = work_row.samples if found.order == BattleRow.AB else work_row.samples[::-1]
    text_of = {number: arena.answer_of(turns, place) for place, number in enumerate(on_page)}
    for number, text in text_of.items():
        change("UPDATE platform_samplerow SET text = %s WHERE id = %s", text, number)
    first, second = (text_of[number] for number in work_row.samples)
    found.answered_at, found.looks = timezone.now(), looks(first, second)
    if work_row.use == WorkRow.PILOT:  # now others may judge it too
        pilot = PilotRow.objects.filter(project=found.project_id, closed_at__isnull=True).first()
        WorkRow.objects.filter(pk=work_row.pk).update(cap=pilot.people if pilot else work_row.cap)
    return ("answered_at", "looks")
