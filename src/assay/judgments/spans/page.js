// Mark stretches of a text with the mouse or with keys. Inside this file places count UTF-16 units, as the
// browser does; what is sent counts characters as Unicode does, so that 😀 is one everywhere.
(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  let raw, text, field, marks, words, pointOf, unitOf, last;

  // -- places ------------------------------------------------------------------------------------------------
  const count = () => {
    pointOf = new Uint32Array(text.length + 1);
    unitOf = [0];
    let point = 0;
    for (let unit = 0; unit < text.length;) {
      const size = text.codePointAt(unit) > 0xffff ? 2 : 1;
      for (let at = unit; at < unit + size; at += 1) pointOf[at] = point;
      unit += size;
      point += 1;
      unitOf.push(unit);
    }
    pointOf[text.length] = point;
  };
  const segments = (granularity) => {
    if (!Intl.Segmenter) return null;
    let language = raw.lang || undefined;
    try { Intl.getCanonicalLocales(language); } catch { language = undefined; }
    return [...new Intl.Segmenter(language, { granularity }).segment(text)];
  };
  const findWords = () => {
    const found = segments("word");
    // Commas and the like belong to no word: Alt with an arrow takes them in.
    if (found) return found.filter((one) => one.isWordLike || /[^\p{P}\p{Z}\s]/u.test(one.segment)).map((one) => [one.index, one.index + one.segment.length]);
    return [...text.matchAll(/[\p{L}\p{M}\p{N}]+|[^\s\p{P}\p{L}\p{M}\p{N}]+/gu)].map((one) => [one.index, one.index + one[0].length]);
  };
  // How far a node's text begins from the start of the whole.
  const unitAt = (node, offset) => {
    if (!raw.contains(node) && node !== raw) return null;
    const range = document.createRange();
    range.selectNodeContents(raw);
    range.setEnd(node, offset);
    return range.toString().length;
  };
  const nodeAt = (unit) => {
    for (const piece of raw.children) {
      const start = Number(piece.dataset.start), node = piece.firstChild;
      if (unit <= start + node.length) return [node, unit - start];
    }
    return [raw, raw.childNodes.length];
  };
  const selected = () => {
    const selection = getSelection();
    if (!selection.rangeCount || !raw.contains(selection.anchorNode) || !raw.contains(selection.focusNode)) return null;
    return { anchor: unitAt(selection.anchorNode, selection.anchorOffset), focus: unitAt(selection.focusNode, selection.focusOffset) };
  };
  const select = (anchor, focus) => {
    getSelection().setBaseAndExtent(...nodeAt(anchor), ...nodeAt(focus));
    last = { anchor, focus };
    const box = rectOf(Math.min(focus, text.length - 1), Math.min(focus + 1, text.length));
    if (box.top < 60) scrollBy(0, box.top - 120);
    else if (box.bottom > innerHeight - 160) scrollBy(0, box.bottom - innerHeight + 220);
  };
  const rectOf = (start, end) => {
    const range = document.createRange();
    range.setStart(...nodeAt(start));
    range.setEnd(...nodeAt(end));
    return range.getBoundingClientRect();
  };

  // -- what is shown -----------------------------------------------------------------------------------------
  const tint = (label) => [...document.querySelectorAll("#labels [data-label]")].findIndex((one) => one.dataset.label === label) + 1;
  const draw = () => {
    const cuts = [...new Set([0, text.length, ...marks.flatMap((mark) => [unitOf[mark.start], unitOf[mark.end]])])].sort((a, b) => a - b);
    raw.replaceChildren();
    for (let number = 0; number + 1 < cuts.length; number += 1) {
      const [from, to] = [cuts[number], cuts[number + 1]];
      const over = marks.filter((mark) => unitOf[mark.start] <= from && unitOf[mark.end] >= to);
      const piece = document.createElement(over.length ? "mark" : "span");
      piece.dataset.start = String(from);
      piece.textContent = text.slice(from, to);
      if (over.length) {
        piece.className = `tint-${tint(over.at(-1).label)}`;
        piece.title = over.map((mark) => [shown(mark.label), degreeShown(mark.degree)].filter(Boolean).join(" · ")).join("; ");
        // One line under the words for each mark, so that marks which overlap can be told apart.
        piece.style.boxShadow = over.map((mark, depth) => `inset 0 -${3 * depth + 3}px 0 var(--tint-${tint(mark.label)})`).join(", ");
      }
      raw.append(piece);
    }
  };
  // A label is stored as the brief has it, and shown in the reader's language where it is one of ours.
  const shown = (label) => document.querySelector(`#labels [data-label="${CSS.escape(label)}"]`)?.dataset.shown || label;
  const degreeShown = (degree) => degree && (document.querySelector("#mark").content.querySelector(`[type=radio][value="${CSS.escape(degree)}"]`)?.dataset.shown || degree);
  const row = (mark) => {
    const made = $("#mark").content.firstElementChild.cloneNode(true);
    made.querySelector(".tag").textContent = shown(mark.label);
    made.querySelector(".tag").classList.add(`tint-${tint(mark.label)}`);
    made.querySelector("q").textContent = text.slice(unitOf[mark.start], unitOf[mark.end]);
    const name = `degree-${Math.random().toString(36).slice(2)}`;
    for (const radio of made.querySelectorAll("[type=radio]")) {
      radio.name = name;
      radio.checked = mark.degree === radio.value;
      radio.addEventListener("change", () => { mark.degree = radio.value; draw(); keep(); });
    }
    for (const input of made.querySelectorAll("[data-part]")) {
      input.value = mark[input.dataset.part] || "";
      input.addEventListener("input", () => { mark[input.dataset.part] = input.value; keep(); });
    }
    made.querySelector("[data-remove]").addEventListener("click", () => remove(mark));
    made.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("[data-part=source]") && !event.ctrlKey && !event.metaKey) { event.preventDefault(); return back(); }
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("textarea, input:not([type=radio])")) return;
      if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); return remove(mark); }
      const radio = made.querySelector(`[type=radio][data-key="${CSS.escape(event.key)}"]`);
      if (!radio) return;
      // A degree given by its number leads back to the text, for the next mark.
      event.preventDefault();
      event.stopPropagation();
      radio.click();
      back();
    });
    return made;
  };
  const list = () => $("#marks").replaceChildren(...marks.map(row));
  const say = (what, more = "") => { const place = $("#marked"); place.textContent = `${place.dataset[what]} ${more}`.trim(); };
  const keep = () => {
    field.value = JSON.stringify(marks);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const nothing = () => document.querySelector("[name=nothing]");
  const back = () => { raw.focus({ preventScroll: true }); if (last) select(last.focus, last.focus); };

  // -- what is done ------------------------------------------------------------------------------------------
  const add = (label) => {
    const held = selected() || last;
    const [from, to] = held ? [Math.min(held.anchor, held.focus), Math.max(held.anchor, held.focus)] : [0, 0];
    // Space at the ends of a selection belongs to nobody.
    const inner = text.slice(from, to);
    const start = from + inner.length - inner.trimStart().length, end = to - (inner.length - inner.trimEnd().length);
    if (start >= end) return say("select");
    const mark = { start: pointOf[start], end: pointOf[end - 1] + 1, label };
    if (marks.some((one) => one.start === mark.start && one.end === mark.end && one.label === label)) return;
    marks.push(mark);
    marks.sort((one, other) => one.start - other.start || one.end - other.end);
    nothing().checked = false;
    draw();
    list();
    keep();
    say("added", text.slice(start, end));
    last = { anchor: end, focus: end };
    const next = $("#marks").children[marks.indexOf(mark)].querySelector("[type=radio], [data-part=source]");
    if (next) next.focus(); else back();
  };
  const remove = (mark) => {
    marks = marks.filter((one) => one !== mark);
    draw();
    list();
    keep();
    say("removed", text.slice(unitOf[mark.start], unitOf[mark.end]));
    last = { anchor: unitOf[mark.start], focus: unitOf[mark.start] };
    back();
  };
  const wordAt = (unit) => {
    const found = words.findIndex(([, end]) => end > unit);
    return found < 0 ? words.length - 1 : found;
  };
  const onLine = (number, by) => {
    // The word above or below: the nearest on the first line that is not this one.
    const here = rectOf(...words[number]), middle = (here.left + here.right) / 2;
    let best = null, line = null;
    for (let at = number + by; at >= 0 && at < words.length; at += by) {
      const box = rectOf(...words[at]);
      if (line === null && (by > 0 ? box.top < here.bottom - 2 : box.bottom > here.top + 2)) continue;
      if (line !== null && Math.abs(box.top - line) > box.height) break;
      line ??= box.top;
      const far = Math.abs((box.left + box.right) / 2 - middle);
      if (best === null || far < best.far) best = { at, far };
    }
    return best === null ? number : best.at;
  };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || !words.length) return;
    const button = document.querySelector(`#labels button[data-key="${CSS.escape(event.key)}"]`);
    if (button && !event.altKey) { event.preventDefault(); event.stopPropagation(); return add(button.dataset.label); }
    const forward = getComputedStyle(raw).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const by = { ArrowLeft: -1, ArrowRight: -1, ArrowUp: -1, ArrowDown: 1, Home: -1, End: 1, [forward]: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const held = selected() || last || { anchor: 0, focus: 0 };
    const [start, end] = [Math.min(held.anchor, held.focus), Math.max(held.anchor, held.focus)];
    if (event.altKey) {
      if (event.key.startsWith("Arrow") && end > start) byCharacter(start, end, by, event.shiftKey);
      return;
    }
    const fresh = held.anchor === held.focus;
    if (!event.shiftKey || fresh) {
      // A word is always selected whole; the first key takes the one at hand.
      const now = wordAt(start);
      const to = event.key === "Home" ? 0 : event.key === "End" ? words.length - 1
        : event.key.startsWith("ArrowU") || event.key === "ArrowDown" ? onLine(now, by)
        : fresh && by > 0 ? now : Math.min(Math.max(now + by, 0), words.length - 1);
      return select(...words[to]);
    }
    const grows = held.focus >= held.anchor;
    const now = grows ? wordAt(held.focus - 1) : wordAt(held.focus), origin = grows ? wordAt(held.anchor) : wordAt(held.anchor - 1);
    const to = event.key === "Home" ? 0 : event.key === "End" ? words.length - 1
      : event.key === "ArrowUp" || event.key === "ArrowDown" ? onLine(now, by)
      : Math.min(Math.max(now + by, 0), words.length - 1);
    if (to >= origin) select(words[origin][0], words[to][1]); else select(words[origin][1], words[to][0]);
  };
  const byCharacter = (start, end, by, first) => {
    const edges = segments("grapheme")?.map((one) => one.index) || unitOf.slice();
    edges.push(text.length);
    const near = (unit) => edges[Math.min(Math.max(edges.findIndex((edge) => edge >= unit) + by, 0), edges.length - 1)];
    if (first) { const moved = near(start); if (moved < end) select(end, moved); } else { const moved = near(end); if (moved > start) select(start, moved); }
  };

  // -- one work ----------------------------------------------------------------------------------------------
  document.addEventListener("selectionchange", () => {
    if (!raw?.isConnected) return;
    const held = selected();
    if (held && held.anchor !== held.focus) last = held;
  });
  const sound = (mark) => Number.isInteger(mark?.start) && Number.isInteger(mark?.end) && mark.start >= 0 && mark.start < mark.end && mark.end < unitOf.length && tint(mark.label);
  document.addEventListener("assay:work", (event) => {
    raw = $("#raw");
    if (!raw) return;
    text = JSON.parse($("#raw-text").textContent);
    field = event.detail.form.elements.marks;
    last = null;
    count();
    words = findWords();
    try { marks = JSON.parse(field.value); } catch { marks = []; }
    marks = Array.isArray(marks) ? marks.filter(sound) : [];
    draw();
    list();
    raw.addEventListener("keydown", onKey);
    raw.addEventListener("click", (click) => {
      // A click on a mark leads to what was said about it.
      const piece = click.target.closest("mark");
      if (!piece || !getSelection().isCollapsed) return;
      const at = Number(piece.dataset.start), found = marks.findIndex((mark) => unitOf[mark.start] <= at && at < unitOf[mark.end]);
      $("#marks").children[found]?.scrollIntoView({ block: "center" });
    });
    for (const button of document.querySelectorAll("#labels [data-label]")) {
      button.addEventListener("pointerdown", (down) => down.preventDefault()); // the selection stays
      button.addEventListener("click", () => add(button.dataset.label));
    }
  });
})();
