// Ways out of a work: the dialogs for skipping and flagging, and taking back what was submitted last.
// Everything listens on the document, because judge.js puts one work in the place of another.
(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  const single = () => { try { return JSON.parse(localStorage.getItem("assay:single-keys")) !== false; } catch { return true; } };
  const writes = (element) => element.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=submit])");

  const open = (id) => {
    const dialog = $(id);
    if (!dialog || dialog.open) return;
    dialog.showModal();
    (dialog.querySelector("input:checked") || dialog.querySelector(".primary")).focus();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#skip, #flag, #undo, [data-close]");
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    if (button.id === "skip") open("#skip-dialog");
    else if (button.id === "flag") open("#flag-dialog");
    else if (button.id === "undo") $("#undo-form").submit();
    else button.closest("dialog").close();
  }, true);

  const fields = (form) => Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken"));
  // judge.js sends what leaves the work: it is kept until the server has it, and the next work comes in.
  const leave = (form) => {
    form.closest("dialog").close();
    document.dispatchEvent(new CustomEvent("assay:send", { detail: { url: form.action, fields: fields(form) } }));
  };
  const flag = async (form) => {
    const problem = form.querySelector(".error"), token = $("[name=csrfmiddlewaretoken]").value;
    const body = new URLSearchParams({ ...fields(form), csrfmiddlewaretoken: token });
    let answer, page;
    try {
      answer = await fetch(form.action, { method: "POST", body });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { answer = null; }
    if (answer?.ok) {
      form.closest("dialog").close();
      form.reset();
      problem.hidden = true;
      const state = $("#judging .state");
      if (state) state.textContent = form.dataset.flags;
      return;
    }
    problem.textContent = page?.getElementById("problem")?.textContent || $("#judging .state").dataset.away;
    problem.hidden = false;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("dialog.leaving")) return;
    event.preventDefault();
    event.stopPropagation();
    if (form.matches("[data-leaves]") || form.elements.leave_skip?.checked) leave(form);
    else flag(form);
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const dialog = event.target.closest?.("dialog.leaving[open]") || $("dialog.leaving[open]");
    if (dialog) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey || !writes(event.target))) {
        if (event.target.closest("button")) return;
        event.preventDefault();
        event.stopPropagation();
        return dialog.querySelector("form").requestSubmit();
      }
      const choices = [...dialog.querySelectorAll("[type=radio]")], first = choices[0]?.value === "" ? 0 : 1;
      const chosen = /^[0-9]$/.test(event.key) && !writes(event.target) && choices[Number(event.key) - first];
      if (chosen) { event.preventDefault(); chosen.checked = true; chosen.focus(); }
      event.stopPropagation();  // nothing in a dialog judges the work behind it
      return;
    }
    if (event.ctrlKey || event.metaKey || !single() || !$("#answer") || $("dialog[open]") || writes(event.target)) return;
    const button = { f: "#flag", u: "#undo" }[event.key];
    if (button && $(button)) { event.preventDefault(); event.stopPropagation(); $(button).click(); }
  }, true);
})();
