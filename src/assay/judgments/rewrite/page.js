// Show each word that an edit added or removed, as it is typed.
(() => {
  "use strict";
  const CELLS = 4e6, DELAY = 120; // a table of this size takes some milliseconds
  let timer;

  const words = (text, language) => {
    if (Intl.Segmenter) {
      try { return [...new Intl.Segmenter(language || undefined, { granularity: "word" }).segment(text)].map((one) => one.segment); } catch { /* no such language */ }
    }
    return text.match(/\s+|[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) || [];
  };
  // Return [kind, text] pieces: "same", "removed" or "added"; the longest common run of words stays.
  const diff = (before, after) => {
    let head = 0, tail = 0;
    while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
    while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
    const one = before.slice(head, before.length - tail), other = after.slice(head, after.length - tail);
    const pieces = [["same", before.slice(0, head)], ...middle(one, other), ["same", tail ? before.slice(-tail) : []]];
    return pieces.filter(([, part]) => part.length).map(([kind, part]) => [kind, part.join(""), part]);
  };
  const middle = (one, other) => {
    const wide = other.length + 1;
    if (!one.length || !other.length || (one.length + 1) * wide > CELLS) return [["removed", one], ["added", other]];
    const longest = new Uint32Array((one.length + 1) * wide);
    for (let i = one.length - 1; i >= 0; i -= 1) {
      for (let j = other.length - 1; j >= 0; j -= 1) {
        longest[i * wide + j] = one[i] === other[j] ? longest[(i + 1) * wide + j + 1] + 1 : Math.max(longest[(i + 1) * wide + j], longest[i * wide + j + 1]);
      }
    }
    const pieces = [];
    const put = (kind, word) => { if (pieces.at(-1)?.[0] === kind) pieces.at(-1)[1].push(word); else pieces.push([kind, [word]]); };
    let i = 0, j = 0;
    while (i < one.length || j < other.length) {
      if (i < one.length && j < other.length && one[i] === other[j]) { put("same", one[i]); i += 1; j += 1; }
      else if (j === other.length || (i < one.length && longest[(i + 1) * wide + j] >= longest[i * wide + j + 1])) put("removed", one[i++]);
      else put("added", other[j++]);
    }
    return pieces;
  };
  const size = (pieces, kind) => pieces.filter(([what]) => what === kind).flatMap(([, , part]) => part).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

  const show = (form) => {
    const place = document.querySelector("#diff"), counts = document.querySelector("#counts");
    const original = JSON.parse(document.querySelector("#original").textContent).replaceAll("\r\n", "\n");
    const pieces = diff(words(original, place.lang), words(form.elements.text.value, place.lang));
    place.replaceChildren(...pieces.map(([kind, text]) => {
      const made = document.createElement({ same: "span", removed: "del", added: "ins" }[kind]);
      made.textContent = text;
      return made;
    }));
    const changed = pieces.some(([kind]) => kind !== "same");
    counts.textContent = changed
      ? counts.dataset.words.replace("{added}", size(pieces, "added")).replace("{removed}", size(pieces, "removed"))
      : counts.dataset.same;
  };
  document.addEventListener("assay:work", (event) => {
    const form = event.detail.form;
    if (!document.querySelector("#diff")) return;
    form.elements.text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => form.isConnected && show(form), DELAY); });
    show(form);
  });
})();
