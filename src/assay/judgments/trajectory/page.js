// Point at the first mistake, and ask what is wrong as soon as a step is called wrong.
(() => {
  "use strict";
  const wrong = (step) => step.querySelector("[value=wrong]:checked");
  const show = (steps) => {
    const first = steps.findIndex(wrong);
    steps.forEach((step, number) => {
      step.querySelector(".first-error").hidden = number !== first;
      step.classList.toggle("after-error", first >= 0 && number > first);
    });
  };
  document.addEventListener("assay:work", () => {
    const steps = [...document.querySelectorAll(".run > .step:has([type=radio])")];
    for (const step of steps) {
      for (const radio of step.querySelectorAll("[type=radio]")) {
        radio.addEventListener("change", () => {
          show(steps);
          if (radio.value === "wrong") step.querySelector("textarea").focus();
        });
      }
    }
    if (steps.length) show(steps);
  });
})();
