// Draws every <div class="figure" data-spec="id of a JSON script"> with the bundled Vega, also in what htmx brings.
(() => {
  "use strict";
  const draw = (root) => {
    for (const place of root.querySelectorAll(".figure[data-spec]:not([data-drawn])")) {
      const spec = document.getElementById(place.dataset.spec);
      if (!spec || !window.assayFigures) continue;
      place.dataset.drawn = "yes";
      Promise.resolve(window.assayFigures.render(place, JSON.parse(spec.textContent))).catch((wrong) => {
        // The table below holds the same data.
        console.error(wrong);
        place.hidden = true;
      });
    }
  };
  document.addEventListener("DOMContentLoaded", () => draw(document));
  document.addEventListener("htmx:afterSettle", () => draw(document));
})();
