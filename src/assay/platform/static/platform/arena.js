// A battle while its models answer. What each says so far comes from the server, which shows both at one pace
// and tells nothing about who they are. The form of the vote below is judge.js's, like any other.
(() => {
  "use strict";
  const SOON = 300, LATER = 3000, SLOW = 10_000, GIVE_UP = 20_000;
  const $ = (selector) => document.querySelector(selector);
  const sayKey = (token) => `assay:say:${token}`;
  const load = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
  const keep = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* full or forbidden */ } };
  const drop = (name) => { try { localStorage.removeItem(name); } catch { /* forbidden */ } };
  const single = () => load("assay:single-keys") !== false;
  const writes = (element) => element.matches?.("textarea, select, input:not([type=radio], [type=checkbox], [type=submit])");
  let live, form, token, told, tag, timer, clock, begun, grown, seen, sending, log, read, away, was, eager;

  const made = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    return element;
  };
  const csrf = () => $("[name=csrfmiddlewaretoken]").value;
  const post = (url, fields, more = {}) => {
    const body = new URLSearchParams(fields);
    body.set("csrfmiddlewaretoken", csrf());
    return fetch(url, { method: "POST", body, ...more });
  };

  // -- what is shown -----------------------------------------------------------------------------------------
  const say = (text, far = false) => {
    const state = live.querySelector(".waiting-for");
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle("away", far);
  };
  const articles = () => [...form.querySelectorAll(".samples > .sample")];
  // HTML from the server is clean; what is still being written comes as text.
  const prose = (part) => {
    const place = made("div", part.html === undefined ? part.text : undefined, { class: part.html === undefined ? "prose plain" : "prose", dir: "auto" });
    if (part.html !== undefined) place.innerHTML = part.html;
    return place;
  };
  const fill = () => {
    const last = told.turns.length - 1;
    articles().forEach((article, side) => {
      const mark = JSON.stringify(told.turns.map((turn) => [turn.state, turn.said, turn.answers[side]]));
      article.dataset.state = told.state;
      if (article.mark === mark) return; // nothing moves under a reader's eyes
      const running = article.querySelector(".prose.plain:last-child"), now = told.turns[last].answers[side];
      if (running && article.turns === told.turns.length && now.html === undefined) running.textContent = now.text;
      else {
        for (const old of article.querySelectorAll(":scope > :not(.label)")) old.remove();
        told.turns.forEach((turn, place) => {
          if (place) { const quote = made("blockquote"); quote.append(prose({ html: turn.html })); article.append(quote); }
          article.append(prose(turn.answers[side]));
        });
      }
      article.mark = mark;
      article.turns = told.turns.length;
    });
  };
  const show = () => {
    const whole = told.state === "done", failed = told.state === "failed";
    const length = JSON.stringify(told.turns.at(-1)?.answers).length;
    if (length !== seen) { seen = length; grown = Date.now(); }
    live.classList.toggle("whole", whole);
    live.classList.toggle("failed", failed);
    form.classList.toggle("answers-wait", !whole);
    fill();
    const trouble = live.querySelector(".live-trouble");
    if (failed) trouble.querySelector("p").textContent = told.problem;
    trouble.hidden = !failed;
    if (failed && was !== "failed" && !writes(document.activeElement)) $("#ask-again").focus();
    const more = $("#follow-up");
    if (more) more.hidden = !(whole && told.turns.length <= Number(live.dataset.followUps)) && !form.elements.message?.value;
    if (whole) {
      say(was && was !== "done" ? live.dataset.arrived : "");
      if (was && was !== "done") { note({ name: "whole", turns: told.turns.length }); document.activeElement === document.body && form.querySelector("[data-key]")?.focus({ preventScroll: true }); }
    } else if (failed) say("");
    was = told.state;
    tick();
  };
  const tick = () => {
    clearTimeout(clock);
    if (!live?.isConnected || !told || told.state !== "running") { if (live) live.querySelector(".clock").textContent = ""; return; }
    const now = Date.now();
    live.querySelector(".clock").textContent = live.dataset.seconds.replace("NOW", Math.round((now - begun) / 1000));
    if (!live.querySelector(".waiting-for").classList.contains("away")) say(now - grown > SLOW ? live.dataset.still : live.dataset.writing);
    const trouble = live.querySelector(".live-trouble");
    if (now - grown > GIVE_UP && trouble.hidden) {
      trouble.querySelector("p").textContent = live.dataset.still;
      $("#ask-again").hidden = true;
      trouble.hidden = false;
    } else if (now - grown <= GIVE_UP && !trouble.hidden) trouble.hidden = true;
    if (trouble.hidden) $("#ask-again").hidden = false;
    clock = setTimeout(tick, 1000);
  };

  // -- to the server and back --------------------------------------------------------------------------------
  const next = (after) => { clearTimeout(timer); timer = setTimeout(follow, after); };
  const take = async (answer) => {
    told = await answer.json();
    tag = answer.headers.get("ETag");
    live.querySelector(".waiting-for").classList.remove("away");
    if (told.turns.length) show();
    if (told.state === "running") next(SOON);
    if (eager) { eager = false; goOn(); }
  };
  const follow = async () => {
    if (!live?.isConnected) return;
    const whose = token;
    try {
      const answer = await fetch(live.dataset.url, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store", redirect: "error" });
      if (whose !== token) return;
      if (answer.status === 304) { live.querySelector(".waiting-for").classList.remove("away"); if (told.state === "running") next(SOON); return; }
      if (answer.status === 404) return;
      if (!answer.ok) throw new Error(answer.status);
      await take(answer);
    } catch {
      if (whose !== token) return;
      say(live.dataset.away, true);
      next(LATER);
    }
  };
  const again = async () => {
    begun = grown = Date.now();
    seen = undefined;
    for (const article of articles()) article.mark = undefined;
    try { await take(await post(live.dataset.againUrl, {})); } catch { say(live.dataset.away, true); next(LATER); }
  };
  const giveUp = async () => {
    try {
      const answer = await post(live.dataset.leaveUrl, {});
      if (!answer.ok) throw new Error(answer.status);
      location.assign(answer.url);
    } catch { say(live.dataset.away, true); }
  };
  const goOn = (held) => {
    const box = form.elements.message;
    if (!told) { eager = true; return; } // it goes once the server has said how far the battle is
    const fields = held || { number: told.turns.length + 1, message: box.value };
    if (sending || !fields.message.trim() || (!held && told.state !== "done")) return box.focus();
    sending = true;
    keep(sayKey(token), { fields, at: Date.now() });
    const whose = token;
    post(live.dataset.url, fields).then(async (answer) => {
      sending = false;
      if (answer.status >= 500) throw new Error(answer.status);
      drop(sayKey(whose));
      if (whose !== token) return;
      if (!answer.ok) {
        const place = $("#problem");
        place.textContent = (await answer.json()).problem;
        place.hidden = false;
        return place.scrollIntoView({ block: "nearest" });
      }
      if (box.value === fields.message) box.value = "";
      form.dispatchEvent(new Event("input", { bubbles: true })); // the draft follows
      begun = grown = Date.now();
      await take(answer);
    }).catch(() => {
      sending = false;
      if (whose !== token) return;
      say(live.dataset.away, true);
      setTimeout(() => { if (whose === token && load(sayKey(whose))) goOn(fields); }, LATER);
    });
  };

  // -- what the page saw: how far each answer was read, how long the reader looked away -----------------------
  const note = (event) => { log.push({ ...event, at: Math.round((Date.now() - begun) / 100) / 10 }); };
  const measure = () => {
    if (!live?.isConnected) return;
    articles().forEach((article, side) => {
      const box = article.getBoundingClientRect();
      if (box.height) read[side] = Math.max(read[side], Math.min(1, Math.max(0, (innerHeight - box.top) / box.height)));
    });
  };
  const tell = () => {
    if (!live) return;
    measure();
    const scrolled = read.map((share, side) => ({ name: "scrolled", place: "AB"[side], share: Math.round(share * 100) / 100 }));
    const events = [...log, ...(told?.state === "done" ? scrolled : [])];
    log = [];
    if (events.length) post(live.dataset.eventsUrl, { events: JSON.stringify(events) }, { keepalive: true }).catch(() => {});
  };
  const left = () => { if (live?.isConnected && !away) away = Date.now(); };
  const back = () => {
    if (!away) return;
    const seconds = Math.round((Date.now() - away) / 100) / 10;
    away = 0;
    if (live?.isConnected && seconds >= 1) note({ name: "away", seconds });
  };
  addEventListener("blur", left);
  addEventListener("focus", back);
  document.addEventListener("visibilitychange", () => { if (document.hidden) left(); else back(); });
  addEventListener("pagehide", () => { back(); if (live?.isConnected) tell(); });
  let pending;
  addEventListener("scroll", () => { clearTimeout(pending); pending = setTimeout(measure, 150); }, { passive: true });

  // -- keys --------------------------------------------------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || $("dialog[open]")) return;
    const target = event.target;
    if (live?.isConnected && target.name === "message" && event.key === "Enter" && event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      return goOn();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !single() || writes(target)) return;
    const over = { w: "#reveal button", u: "#take-back" }[event.key];
    if (over && $(over)) { event.preventDefault(); return $(over).click(); }
    if (!live?.isConnected) return;
    const trouble = !live.querySelector(".live-trouble").hidden;
    const button = { a: trouble && "#ask-again", b: trouble && "#give-up" }[event.key];
    if (button && !$(button).hidden) { event.preventDefault(); event.stopPropagation(); $(button).click(); }
    if (event.key === "m" && $("#follow-up") && !$("#follow-up").hidden) { event.preventDefault(); event.stopPropagation(); form.elements.message.focus(); }
  }, true);

  // -- one battle --------------------------------------------------------------------------------------------
  const begin = () => {
    const found = $("#live");
    if (!found || found === live) return;
    clearTimeout(timer);
    clearTimeout(clock);
    live = found;
    form = $("#answer");
    const state = $("#judging .state");
    if (state) state.dataset.sent = ""; // nothing was submitted: a battle has begun
    token = live.dataset.token;
    told = tag = seen = was = eager = undefined;
    sending = false;
    begun = grown = Date.now();
    log = [];
    read = [0, 0];
    away = 0;
    const more = $("#follow-up");
    if (more) {
      form.querySelector(".samples").after(more);
      $("#go-on").addEventListener("click", () => goOn());
    }
    $("#ask-again").addEventListener("click", again);
    $("#give-up").addEventListener("click", giveUp);
    if (live.dataset.whole) {
      live.classList.add("whole");
      if (more) more.hidden = !Number(live.dataset.followUps);
    } else {
      form.classList.add("answers-wait");
      say(live.dataset.writing);
    }
    const held = load(sayKey(token));
    follow().then(() => { if (held && told) goOn(held.fields); });
  };
  document.addEventListener("assay:work", begin);
  document.addEventListener("assay:send", tell);
  addEventListener("online", () => { if (live?.isConnected) follow(); });
  begin();
})();
