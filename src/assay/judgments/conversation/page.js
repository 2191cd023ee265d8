// A live conversation: what is said goes to the server, what is answered is asked for until it is whole.
// The form of the judgment keeps what is typed, as on every page; a message that the server did not get yet is
// kept in this browser and sent again until it has it. The number of its turn makes that safe.
(() => {
  "use strict";
  const SOON = 300, LATER = 3000, key = (token) => `assay:say:${token}`;
  const $ = (selector) => document.querySelector(selector);
  const load = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
  const keep = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* full or forbidden */ } };
  const drop = (name) => { try { localStorage.removeItem(name); } catch { /* forbidden */ } };
  let form, token, words, told, tag, timer, sending, edits, eager;

  const say = (what, away = false) => {
    const state = $("#talk-state");
    state.textContent = what ? words[what] : "";
    state.classList.toggle("away", away);
  };
  const field = (name) => form.elements[name];
  const typed = () => form.dispatchEvent(new Event("input", { bubbles: true })); // the draft follows
  const made = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    return element;
  };
  // HTML from the server is clean; what is still being written comes as text.
  const prose = (part) => {
    const place = made("div", part.html === undefined ? part.text : undefined, { class: part.html === undefined ? "prose plain" : "prose", dir: "auto" });
    if (part.html !== undefined) place.innerHTML = part.html;
    return place;
  };

  // -- what is there -----------------------------------------------------------------------------------------
  const reply = (turn, part, last) => {
    const two = Boolean(words.two), choice = turn.choice || {}, settled = !last;
    const article = made("article", undefined, { class: "panel sample", "data-voice": part.voice, "data-state": part.state });
    const head = made("h3", two ? `${words.answer} ${part.place}` : words.model, { class: "label" });
    if (part.state === "waiting" || part.state === "running") head.append(" ", made("span", words.writing, { class: "hint" }));
    if (settled && choice.choice === part.voice) head.append(" ", made("span", words.better, { class: "tag" }));
    if (settled && two && choice.went_on === part.voice) head.append(" ", made("span", words.went, { class: "tag" }));
    article.append(head, prose(part));
    if (part.problem) article.append(made("p", part.problem, { class: "note error", role: "alert" }));
    if (last && part.state === "done" && words.live) {
      const button = made("button", words.edit, { type: "button", class: "quiet" });
      button.addEventListener("click", () => edit(part));
      article.append(button);
    }
    return article;
  };
  const shown = (turn, last) => {
    const item = made("li", undefined, { class: "turn", "data-number": turn.number });
    const mine = made("article", undefined, { class: "panel prompt said" });
    mine.append(made("h3", words.live ? words.you : words.person, { class: "label" }), prose(turn.html === undefined ? { text: turn.said } : turn));
    const answers = made("div", undefined, { class: "samples" });
    answers.append(...turn.replies.map((part) => reply(turn, part, last)));
    item.append(mine, answers);
    if (!last && turn.choice?.edited) {
      const own = made("article", undefined, { class: "panel edited" });
      own.append(made("h3", words.yours, { class: "label" }), prose({ html: turn.choice.edited_html, text: turn.choice.edited }));
      item.append(own);
    }
    if (last && told.failed && words.live) {
      const button = made("button", words.again, { type: "button" });
      button.addEventListener("click", () => ask(`${turn.number}/again/`, {}));
      item.append(button);
    }
    return item;
  };
  const show = () => {
    const list = $("#turns"), old = [...list.children];
    told.turns.forEach((turn, place) => {
      const last = place === told.turns.length - 1, was = old[place], mark = JSON.stringify([turn, last, last && told.failed]);
      if (was?.mark === mark) return; // nothing moves under a reader's eyes
      const now = shown(turn, last);
      now.mark = mark;
      if (was) was.replaceWith(now); else list.append(now);
    });
    for (const rest of old.slice(told.turns.length)) rest.remove();
    const count = told.turns.length, full = count >= Number(words.most);
    $("#choosing").hidden = !(words.two && count && told.ready);
    $("#saying").hidden = full && told.ready;
    $("#say").disabled = Boolean(sending) || !told.ready || full;
    $("#as-prompt").hidden = count > 0;
    const left = $("#left");
    left.textContent = left.dataset.text.replace("NOW", Math.min(count + 1, Number(words.most))).replace("MOST", words.most);
    if (!told.ready || edits === undefined) { $("#editing").hidden = !field("turn.edited").value; edits = null; }
  };
  const edit = (part) => {
    field("turn.went_on").value = part.voice;
    if (!field("turn.edited").value) field("turn.edited").value = part.text;
    $("#editing").hidden = false;
    field("turn.edited").focus();
    typed();
  };
  const leave = () => {
    field("turn.edited").value = field("turn.went_on").value = "";
    $("#editing").hidden = true;
    typed();
  };

  // -- to the server and back --------------------------------------------------------------------------------
  const url = () => `/work/${token}/turns/`;
  const waits = () => told.turns.at(-1)?.replies.some((part) => part.state === "waiting" || part.state === "running");
  const next = (after) => { clearTimeout(timer); timer = setTimeout(follow, after); };
  const take = async (answer) => {
    const was = told?.ready, wanted = eager;
    told = await answer.json();
    tag = answer.headers.get("ETag");
    eager = false;
    show();
    if (wanted) go();
    if (waits()) next(SOON);
    else if (was === false && told.ready && told.turns.length) say("arrived");
  };
  const follow = async () => {
    if (!form.isConnected) return;
    const whose = token;
    try {
      const answer = await fetch(url(), { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store", redirect: "error" });
      if (whose !== token) return;
      if (answer.status === 304) { if (waits()) next(SOON); return; }
      if (answer.status === 404) return;
      if (!answer.ok) throw new Error(answer.status);
      if ($("#talk-state").classList.contains("away")) say("");
      await take(answer);
    } catch {
      if (whose !== token) return;
      say("away", true);
      next(LATER);
    }
  };
  const post = (where, fields) => {
    const body = new URLSearchParams(fields);
    body.set("csrfmiddlewaretoken", $("[name=csrfmiddlewaretoken]").value);
    return fetch(url() + where, { method: "POST", body, redirect: "follow" });
  };
  const ask = async (where, fields) => {
    try { await take(await post(where, fields)); } catch { say("away", true); next(LATER); }
  };
  const send = async (held) => {
    if (sending) return;
    const whose = token;
    sending = held;
    keep(key(whose), { fields: held, at: Date.now() });
    $("#say").disabled = true;
    say("sending");
    let answer;
    try {
      answer = await post("", held);
      if (answer.status >= 500) throw new Error(answer.status);
    } catch {
      sending = null;
      say("away", true);
      setTimeout(() => { if (whose === token && load(key(whose))) send(held); }, LATER);
      return;
    }
    sending = null;
    if (answer.status === 403 || answer.url.includes("/sign-in/")) {
      say("signedOut", true);
      setTimeout(() => { if (whose === token && load(key(whose))) send(held); }, 2 * LATER);
      return;
    }
    drop(key(whose));
    if (whose !== token) return;
    if (!answer.ok) { await refused(answer); return; }
    if (field("message").value === held.message) field("message").value = "";
    for (const input of form.querySelectorAll('[name^="turn."]')) { if (input.type === "radio") input.checked = false; else input.value = ""; }
    $("#editing").hidden = true;
    typed();
    say("");
    await take(answer);
    field("message").focus();
    $("#turns").lastElementChild?.scrollIntoView({ block: "nearest" });
  };
  const refused = async (answer) => {
    say("");
    let problem = "";
    try { problem = (await answer.json()).problem; } catch { return location.reload(); }
    const place = $("#problem");
    place.textContent = problem;
    place.hidden = !problem;
    place.scrollIntoView({ block: "nearest" });
    follow();
  };
  const go = () => {
    const message = field("message").value.trim();
    if (!message || !told || sending) return field("message").focus();
    if (!told.ready) {
      // Sent before the server has said how far the conversation is: it goes as soon as that is known.
      if (told.unknown) { eager = true; say("sending"); }
      return;
    }
    $("#problem").hidden = true;
    const fields = { number: told.turns.length + 1, message: field("message").value };
    for (const [name, value] of new FormData(form)) if (name.startsWith("turn.")) fields[name] = value;
    send(fields);
  };

  // -- one work ----------------------------------------------------------------------------------------------
  const begin = () => {
    const talk = $("#talk");
    form = $("#answer");
    if (!talk || !form || form.talks) return;
    form.talks = true;
    clearTimeout(timer);
    token = $("#judging").dataset.token;
    words = { ...talk.dataset };
    told = tag = sending = edits = eager = undefined;
    words.live = !token.startsWith("review-");
    field("message").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || event.altKey) || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation(); // here it sends the message; elsewhere it submits the judgment
      go();
    });
    $("#say").addEventListener("click", go);
    $("#leave").addEventListener("click", leave);
    $("#as-prompt").addEventListener("click", () => {
      field("message").value = JSON.parse($("#opening").textContent);
      field("message").focus();
      typed();
    });
    if (!words.live) return read();
    told = { turns: [], ready: false, failed: false, unknown: true };
    follow().then(() => { const held = load(key(token)); if (held) send(held.fields); });
  };
  const radios = (name, title, choices, chosen) => {
    const group = made("div", undefined, { class: "choices", role: "radiogroup", "aria-label": title });
    for (const [value, text] of choices) {
      const label = made("label", undefined, { class: "choice" }), input = made("input", undefined, { type: "radio", name, value });
      input.checked = String(chosen ?? "") === value;
      label.append(input, " ", text);
      group.append(label);
    }
    return group;
  };
  // What a second reader may make of a turn: which answer is better; at the last one, what to answer instead.
  const changes = (turn, last, typed) => {
    const name = `turn${turn.number}`, now = { ...turn.choice, ...typed[name] };
    const place = made("div", undefined, { class: "group changes" });
    if (words.two) {
      const sides = turn.replies.map((part) => [part.voice, `${words.answer} ${part.place}`]);
      const title = made("p", words.which, { class: "label" });
      place.append(title, radios(`${name}.choice`, words.which, [...sides, ["tie", words.tie], ["both_bad", words.bad]], now.choice));
      const much = radios(`${name}.strength`, words.much, [["1", words.slightly], ["2", words.clearly], ["3", words.far]], now.strength);
      much.classList.add("more");
      place.append(much);
    }
    if (last) {
      const label = made("label", `${words.instead} `, { class: "field" });
      const text = made("textarea", now.edited || "", { name: `${name}.edited`, rows: 3, dir: "auto", maxlength: 100000 });
      label.append(made("span", words.optional, { class: "hint" }), text);
      place.append(label);
    }
    return place;
  };
  // A second reader sees the conversation as it was, and cannot go on with it.
  const read = () => {
    const places = Object.fromEntries([...form.querySelectorAll('[name="choice"]')].map((input, place) => [input.value, "AB"[place]]));
    let turns;
    try { turns = JSON.parse($("#held").value); } catch { turns = []; }
    const safe = JSON.parse($("#read-html")?.textContent ?? "[]");
    told = {
      ready: true, failed: false,
      turns: turns.map((turn, place) => ({
        number: place + 1, said: turn.said, html: safe[place]?.html, choice: { ...turn, edited_html: safe[place]?.edited },
        replies: Object.entries(turn.replies)
          .map(([voice, text]) => ({ voice, text, html: safe[place]?.replies[voice], place: places[voice] || "", state: "done" }))
          .sort((one, other) => one.place.localeCompare(other.place)),
      })),
    };
    told.turns.push({ number: 0, said: "", choice: {}, replies: [] });
    show();
    $("#turns").lastElementChild.remove();
    let draft = {};
    try { draft = JSON.parse($("#typed").textContent); } catch { /* nothing was typed */ }
    const items = [...$("#turns").children];
    items.forEach((item, place) => item.append(changes(told.turns[place], place === items.length - 1, draft)));
    for (const part of ["#saying", "#choosing", "#editing"]) $(part).hidden = true;
  };
  document.addEventListener("assay:work", begin);
  addEventListener("online", () => { if (form?.isConnected && token) { const held = load(key(token)); if (held) send(held.fields); else follow(); } });
  begin();
})();
