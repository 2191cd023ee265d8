// Order answers with keys, buttons or the mouse. The places stand in <select>s, which work without this script.
(() => {
  "use strict";
  let list, rows, tied;

  const select = (row) => row.querySelector("select");
  const title = (row) => row.querySelector("h3").firstChild.textContent.trim();
  const place = (row) => Number(select(row).value);

  // Places as a person counts them: those that tie share one, and the next follows it.
  const write = () => {
    let at = 0;
    list.classList.add("ordered");
    rows.forEach((row, number) => {
      if (!tied.has(row) || number === 0) at += 1;
      select(row).value = String(at);
      row.classList.toggle("tied", number > 0 && tied.has(row));
      row.querySelector("[data-move=tie]").setAttribute("aria-pressed", String(number > 0 && tied.has(row)));
      list.append(row);
    });
    tied.delete(rows[0]);
  };
  const changed = (row) => {
    const held = document.activeElement;
    write();
    if (held && row.contains(held)) held.focus();
    const said = document.querySelector("#ranked");
    said.textContent = said.dataset.moved.replace("{answer}", title(row)).replace("{place}", select(row).value);
    select(row).dispatchEvent(new Event("input", { bubbles: true }));
  };
  const move = (row, by) => {
    const from = rows.indexOf(row), to = from + by;
    if (to < 0 || to >= rows.length) return;
    tied.delete(row);
    // Whoever shared a place with the one that leaves stays tied to those above, or leads the rest.
    if (rows[from + 1] && tied.has(rows[from + 1]) && from === 0) tied.delete(rows[from + 1]);
    rows.splice(from, 1);
    rows.splice(to, 0, row);
    tied.delete(rows[0]);
    changed(row);
    row.scrollIntoView({ block: "nearest" });
  };
  const tie = (row) => {
    if (rows.indexOf(row) === 0) return;
    if (!tied.delete(row)) tied.add(row);
    changed(row);
  };
  const doThis = { up: (row) => move(row, -1), down: (row) => move(row, 1), tie };

  const onKey = (event) => {
    const row = event.target.closest(".rank");
    if (!row || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
    const what = { ArrowUp: "up", ArrowDown: "down", "=": "tie" }[event.key];
    if (!what) return;
    event.preventDefault();
    doThis[what](row);
  };
  const onDrag = (row) => {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", title(row));
      row.classList.add("dragged");
    });
    row.addEventListener("dragend", () => row.classList.remove("dragged"));
    row.addEventListener("dragover", (event) => {
      const dragged = list.querySelector(".dragged");
      if (!dragged) return;
      event.preventDefault();
      if (dragged === row) return;
      const to = rows.indexOf(row);
      rows.splice(rows.indexOf(dragged), 1);
      rows.splice(to, 0, dragged);
      tied.delete(dragged);
      changed(dragged);
    });
    row.addEventListener("drop", (event) => event.preventDefault());
    // Text can be selected where it is text.
    const prose = row.querySelector(".prose");
    prose.addEventListener("mousedown", () => { row.draggable = false; });
    prose.addEventListener("mouseup", () => { row.draggable = true; });
    prose.addEventListener("mouseleave", () => { row.draggable = true; });
  };

  const byPlace = () => {
    rows.sort((one, other) => (place(one) || rows.length) - (place(other) || rows.length));
    tied = new Set(rows.filter((row, number) => number > 0 && place(row) && place(row) === place(rows[number - 1])));
  };
  const begin = () => {
    list = document.querySelector(".ranks");
    if (!list) return;
    rows = [...list.children];
    byPlace();
    list.addEventListener("keydown", onKey);
    for (const row of rows) {
      row.tabIndex = 0;
      onDrag(row);
      for (const button of row.querySelectorAll("[data-move]")) {
        button.addEventListener("click", () => doThis[button.dataset.move](row));
      }
      select(row).addEventListener("change", () => { byPlace(); changed(row); });
    }
    document.querySelector("#as-it-is").addEventListener("click", () => { changed(rows[0]); });
    // Until somebody has ordered something, no place is filled in: the order drawn is nobody's judgment.
    if (rows.some(place)) write();
  };
  document.addEventListener("assay:work", begin);
})();
