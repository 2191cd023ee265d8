// The page where a person judges: keys, drafts, submission. Knows no kind; it reads names and data-key only.
// Nothing typed is lost: each change goes to this browser at once and to the server a moment later, and what
// the server did not get, a submission too, is sent again until it has it. The token makes that safe.
(() => {
  "use strict";
  const DRAFT_DELAY = 600, RETRY = 3000, OLD = 14 * 24 * 3600 * 1000;
  const draftKey = (token) => `assay:draft:${token}`, sendKey = (token) => `assay:send:${token}`;
  const $ = (selector) => document.querySelector(selector);
  let desk, form, token, person, timer, retry, begun, looked, busy = false;

  const load = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden */ } };
  const drop = (key) => { try { localStorage.removeItem(key); } catch { /* forbidden */ } };

  const say = (what, away = false) => {
    const state = $("#judging .state");
    if (!state) return;
    state.textContent = what ? state.dataset[what] : "";
    state.classList.toggle("away", away);
    state.dataset.now = what || "";
  };
  const typed = () => Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken"));
  const body = (fields) => {
    const all = new URLSearchParams(fields);
    all.set("csrfmiddlewaretoken", $("[name=csrfmiddlewaretoken]").value);
    return all;
  };
  const fill = (fields) => {
    for (const input of form.elements) {
      const value = fields[input.name];
      if (!input.name || input.name === "seconds" || input.name === "csrfmiddlewaretoken") continue;
      // What is not ticked is not sent: a box that is missing was empty.
      if (input.type === "radio" || input.type === "checkbox") input.checked = input.value === value;
      else if (value !== undefined) input.value = value;
    }
  };
  // Time counts only while the page is looked at.
  const seconds = () => (begun + (looked ? Date.now() - looked : 0)) / 1000;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && looked) { begun += Date.now() - looked; looked = null; } else if (!document.hidden) looked = Date.now();
  });

  // -- drafts ------------------------------------------------------------------------------------------------
  const changed = () => {
    keep(draftKey(token), { fields: typed(), at: Date.now() });
    say("saving");
    clearTimeout(timer);
    timer = setTimeout(saveDraft, DRAFT_DELAY);
  };
  const saveDraft = async () => {
    const held = load(draftKey(token)), whose = token;
    if (!held || busy) return;
    try {
      const answer = await fetch(desk.dataset.draftUrl, { method: "POST", body: body(held.fields), redirect: "error" });
      if (answer.status === 404 || answer.status === 409) { if (whose === token) say("gone", true); return; }
      if (!answer.ok) throw new Error(answer.status);
      const now = load(draftKey(whose));
      if (now && now.at === held.at) drop(draftKey(whose));
      if (whose === token) say("saved");
    } catch {
      if (whose !== token) return;
      say("away", true);
      clearTimeout(timer);
      timer = setTimeout(saveDraft, RETRY);
    }
  };

  // -- submission --------------------------------------------------------------------------------------------
  const send = async (url, fields, whose) => {
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    clearTimeout(retry);
    keep(sendKey(whose), { url, fields, person, at: Date.now() });
    let answer, page;
    try {
      answer = await fetch(url, { method: "POST", body: body(fields), headers: { "X-Assay-Next": "page" } });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.status >= 500) throw new Error(answer.status);
    } catch {
      busy = false;
      say("away", true);
      retry = setTimeout(() => send(url, fields, whose), RETRY);
      return;
    }
    busy = false;
    if (answer.status === 403 || answer.url.includes("/sign-in/")) {
      // Another session has taken over: its token is in the cookie, and the next try carries it.
      await refreshToken();
      say("signedOut", true);
      retry = setTimeout(() => send(url, fields, whose), 2 * RETRY);
      return;
    }
    drop(sendKey(whose));
    if (answer.status === 422 || answer.status === 409) { if (whose === token) refused(page); return; }
    drop(draftKey(whose));
    if (whose !== token) { say("sent"); return; }
    if (!answer.ok) return location.reload();
    const next = page.getElementById("judging") || page.getElementById("nothing-left");
    if (!next) return location.assign(answer.url);
    document.title = page.title;
    (desk || $("#nothing-left")).replaceWith(document.adoptNode(next));
    if (!next.matches("#judging")) $("#main").className = "narrow";
    begin();
    say("sent");
    scrollTo(0, 0);
  };
  const refreshToken = async () => {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
      const fresh = page.querySelector("#answer [name=csrfmiddlewaretoken]");
      if (fresh) for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = fresh.value;
    } catch { /* asked again with the next try */ }
  };
  const refused = (page) => {
    const told = page.getElementById("problem"), place = $("#problem");
    say("");
    if (!told) return;
    place.textContent = told.textContent;
    place.hidden = false;
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    const field = told.dataset.field;
    const input = field && (form.elements[field] || form.elements[`labels.${field}`] || form.querySelector(`[name^="${CSS.escape(field)}."]`));
    const first = input && (input instanceof RadioNodeList ? input[0] : input);
    if (first) { first.setAttribute("aria-invalid", "true"); first.setAttribute("aria-describedby", "problem"); (first.closest("[data-key]") || first).focus(); }
    place.scrollIntoView({ block: "nearest" });
  };
  const submit = () => {
    form.elements.seconds.value = seconds().toFixed(1);
    say("saving");
    send(form.action, typed(), token);
  };

  // -- keys --------------------------------------------------------------------------------------------------
  const writes = (element) => element.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=submit])");
  // What a kind's own script answers to, it answers to only while it has the focus.
  const own = (element) => element.closest("[data-own-keys]");
  const groups = () => [...form.querySelectorAll(".group")].filter((group) => !own(group) && group.querySelector("[data-key]"));
  const open = (group) => group.querySelector("[type=radio], [type=checkbox]") && !group.querySelector(":checked");
  let visited = null;
  const mark = () => {
    const all = groups(), sharing = all.filter((group) => group.querySelector('[data-key="1"]'));
    const now = sharing.length > 1 ? sharing.find(open) : null;
    for (const group of all) group.classList.toggle("current", group === now);
  };
  const press = (key) => {
    const here = document.activeElement;
    const found = [...form.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter((each) => !own(each) || own(each).contains(here));
    if (!found.length) return false;
    // Groups that share a key: the one at hand gets it, else the first that is open, else the last visited.
    const sharing = groups().filter((group) => found.some((each) => group.contains(each)));
    const group = [here.closest?.(".group"), sharing.find(open), visited].find((each) => each && found.some((one) => each.contains(one)));
    const input = found.find((each) => group?.contains(each)) || found[0];
    input.focus();
    if (!writes(input)) {
      input.click();
      if (input.type === "radio" && found.length > 1 && document.activeElement === input) {
        const next = sharing.find(open);
        (next?.querySelector("[data-key]") || $("#submit")).focus();
      }
    }
    return true;
  };
  const single = () => load("assay:single-keys") !== false;
  document.addEventListener("keydown", (event) => {
    if (!form || event.isComposing || $("dialog[open]")) return;
    const target = event.target;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); return submit(); }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && writes(target)) return target.blur();
    if (writes(target)) return;
    if (event.key === "Enter" && !target.closest("a, button, summary")) { event.preventDefault(); return submit(); }
    if (!single()) return;
    if (event.key === "?") { event.preventDefault(); return $("#keys").showModal(); }
    if (event.key === "s") { event.preventDefault(); return $("#skip")?.click(); }
    if (press(event.key)) event.preventDefault();
  });

  // -- one work ----------------------------------------------------------------------------------------------
  const begin = () => {
    desk = $("#judging");
    form = $("#answer");
    if (!form) return;
    token = desk.dataset.token;
    person = desk.dataset.person;
    begun = 0;
    looked = document.hidden ? null : Date.now();
    const own = load(draftKey(token));
    if (own) { fill(own.fields); saveDraft(); say("restored"); }
    visited = null;
    form.addEventListener("input", () => { mark(); changed(); });
    form.addEventListener("focusin", (event) => { visited = event.target.closest(".group") || visited; });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter?.id === "skip") send(event.submitter.formAction, {}, token);
      else submit();
    });
    $("#show-keys").addEventListener("click", () => $("#keys").showModal());
    $("#single-keys").checked = single();
    $("#single-keys").addEventListener("change", (event) => keep("assay:single-keys", event.target.checked));
    const field = form.querySelector("[autofocus]");
    if (field) field.focus(); else { document.activeElement.blur?.(); }
    const brief = $("#brief-open"), whether = `assay:brief:${person}`; // only asked where it is folded away
    if (brief) { brief.checked = load(whether) === true; brief.addEventListener("change", () => keep(whether, brief.checked)); }
    mark();
    document.dispatchEvent(new CustomEvent("assay:work", { detail: { form } }));
  };
  const sendRest = () => {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith("assay:")) continue;
      const held = load(key);
      if (held?.at && Date.now() - held.at > OLD) drop(key);
      // What somebody else could not send from this browser waits until they sign in again.
      else if (key.startsWith("assay:send:") && held.person === person) send(held.url, held.fields, key.slice("assay:send:".length));
    }
  };
  document.addEventListener("assay:send", (event) => send(event.detail.url, event.detail.fields, token));
  addEventListener("online", () => { if (form) { saveDraft(); sendRest(); } });
  begin();
  try { sendRest(); } catch { /* no storage here */ }
})();
