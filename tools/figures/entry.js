// Draws Vega-Lite specifications with no eval, no inline style and no network, in the reader's colours.
// A page calls window.assayFigures.render(element, spec), or leaves it to drawAll, which finds every
// <script type="application/vnd.vegalite.v6+json"> and draws it into the element before it.

import { compile } from "vega-lite";
import { expressionInterpreter } from "vega-interpreter";
import { parse, View } from "vega";

const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Set();

// Okabe and Ito's colours, which colour-blind readers can tell apart; lighter ones on a dark ground.
const COLOURS = {
  light: {
    ink: "#1f2430", soft: "#5a6272", line: "#d9dde5", mark: "#0072b2", ground: "#ffffff",
    category: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b37d00", "#3f8fc4", "#5a6272"],
  },
  dark: {
    ink: "#e8eaf0", soft: "#a3abbb", line: "#3a4150", mark: "#56b4e9", ground: "#1d212a",
    category: ["#56b4e9", "#ff9e5e", "#3fd0a4", "#e79acb", "#f0c84b", "#9fd3f5", "#a3abbb"],
  },
};

function config(element) {
  const colour = dark.matches ? COLOURS.dark : COLOURS.light;
  const font = getComputedStyle(element).fontFamily || "sans-serif";
  const narrow = element.clientWidth < 480;
  return {
    background: null,
    font,
    view: { stroke: null },
    axis: {
      labelColor: colour.ink, titleColor: colour.soft, gridColor: colour.line, domainColor: colour.line,
      tickColor: colour.line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelPadding: 6,
      titlePadding: 10, domain: false, ticks: false, labelLimit: Math.max(90, element.clientWidth * (narrow ? 0.4 : 0.28)),
    },
    axisX: { tickCount: narrow ? 4 : 8, labelOverlap: true, labelSeparation: 8, labelBound: 8 },
    axisY: { labelPadding: 8, tickCount: 5 },
    legend: {
      labelColor: colour.ink, titleColor: colour.soft, titleFontWeight: "normal", labelFontSize: 12, titleFontSize: 12,
      orient: "top", columns: narrow ? 2 : 4, labelLimit: narrow ? 120 : 220, symbolType: "circle",
    },
    text: { color: colour.soft, fontSize: 12, font },
    rule: { color: colour.mark, strokeCap: "round" },
    bar: { color: colour.mark },
    point: { color: colour.mark, fill: colour.mark, filled: true, opacity: 1 },
    mark: { color: colour.mark },
    range: { category: colour.category },
    style: {
      quiet: { color: colour.soft, fill: colour.soft },
      leader: { stroke: colour.soft, strokeDash: [1, 4], strokeWidth: 1, opacity: 0.6 },
    },
  };
}

// A small label beside the pointer. Properties of `style` are set one by one: a policy without
// 'unsafe-inline' allows that, and refuses a style attribute or a <style> element.
const label = document.createElement("div");
label.setAttribute("aria-hidden", "true");

function tooltip(_handler, event, _item, value) {
  if (value === null || value === undefined || value === "") {
    label.remove();
    return;
  }
  const colour = dark.matches ? COLOURS.dark : COLOURS.light;
  const lines = typeof value === "object" ? Object.entries(value) : [["", value]];
  label.replaceChildren(...lines.map(([name, text]) => {
    const line = document.createElement("div");
    line.dir = "auto";
    line.textContent = name ? `${name}: ${text}` : String(text);
    return line;
  }));
  Object.assign(label.style, {
    position: "fixed", zIndex: "1000", pointerEvents: "none", maxWidth: "20rem", padding: "6px 10px",
    borderRadius: "6px", border: `1px solid ${colour.line}`, background: colour.ground, color: colour.ink,
    font: "13px/1.45 system-ui, sans-serif", boxShadow: "0 4px 14px rgb(0 0 0 / 18%)", overflowWrap: "anywhere",
  });
  document.body.append(label);
  const { width, height } = label.getBoundingClientRect();
  label.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 4))}px`;
  label.style.top = `${Math.max(4, event.clientY + 14 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 14)}px`;
}

const nothingFromElsewhere = {
  load: (address) => Promise.reject(new Error(`a figure loads nothing: ${address}`)),
  sanitize: (address) => Promise.reject(new Error(`a figure links nowhere: ${address}`)),
};

async function draw(figure) {
  const { element, spec } = figure;
  figure.width = element.clientWidth;
  const turn = (figure.turn = (figure.turn || 0) + 1);
  const compiled = compile(spec, { config: config(element), logger: quiet });
  const view = new View(parse(compiled.spec, null, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "svg",
    loader: nothingFromElsewhere,
    hover: true,
    tooltip,
  });
  figure.view?.finalize();
  figure.view = view;
  await view.initialize(element).runAsync();
  if (turn !== figure.turn) return view;
  const svg = element.querySelector("svg");
  // In a page that runs from right to left, text-anchor would turn around and throw labels over the marks.
  svg?.setAttribute("direction", "ltr");
  svg?.style.setProperty("max-width", "100%");
  return view;
}

// Vega-Lite warns about every option that its config does not need; an error still stops the drawing.
const quiet = {
  level() { return this; },
  error(...words) { console.error(...words); return this; },
  warn() { return this; },
  info() { return this; },
  debug() { return this; },
};

function redraw(test) {
  for (const figure of drawn) {
    if (!figure.element.isConnected) {
      figure.view?.finalize();
      sizes.unobserve(figure.element);
      drawn.delete(figure);
    } else if (test(figure)) {
      draw(figure);
    }
  }
}

let waiting;
const sizes = new ResizeObserver(() => {
  clearTimeout(waiting);
  waiting = setTimeout(() => redraw((figure) => Math.abs(figure.element.clientWidth - figure.width) > 1), 80);
});
dark.addEventListener("change", () => redraw(() => true));

/** Draw a Vega-Lite specification into an element; it follows the element's width and the reader's colours. */
function render(element, spec) {
  const figure = { element, spec };
  drawn.add(figure);
  sizes.observe(element);
  return draw(figure);
}

/** Draw every specification under `root` that is not drawn yet. */
function drawAll(root = document) {
  const scripts = root.querySelectorAll('script[type="application/vnd.vegalite.v6+json"]:not([data-drawn])');
  return Promise.all([...scripts].map((script) => {
    script.dataset.drawn = "";
    return render(script.previousElementSibling, JSON.parse(script.textContent));
  }));
}

window.assayFigures = { render, drawAll };
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => drawAll());
else drawAll();
