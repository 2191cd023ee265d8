// "Add another" without a round to the server; without this script the server does the same.
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-rows] .add")) {
    button.type = "button";
    button.addEventListener("click", () => {
      const rows = button.closest("[data-rows]").querySelectorAll(".row"), last = rows[rows.length - 1];
      const fresh = last.cloneNode(true);
      for (const input of fresh.querySelectorAll("input, textarea")) { input.value = input.dataset.blank || ""; input.removeAttribute("placeholder"); }
      for (const chosen of fresh.querySelectorAll("select")) chosen.selectedIndex = 0;
      for (const input of fresh.querySelectorAll("[aria-invalid]")) { input.removeAttribute("aria-invalid"); input.removeAttribute("aria-describedby"); }
      fresh.setAttribute("aria-label", last.getAttribute("aria-label").replace(/\d+$/, String(rows.length + 1)));
      last.after(fresh);
      fresh.querySelector("input:not([type=hidden]), textarea").focus();
    });
  }
})();
