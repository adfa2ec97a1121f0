/* One key a decision, unless they are turned off; what long work is at. Without it, the forms do the same. */
(() => {
  "use strict";

  const SWITCH = "motamot-atelier-raccourcis";
  const box = document.querySelector("[data-shortcuts]");
  let on = localStorage.getItem(SWITCH) !== "non";
  if (box) {
    box.checked = on;
    box.addEventListener("change", () => { on = box.checked; localStorage.setItem(SWITCH, on ? "oui" : "non"); });
  }

  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches("textarea, select, input:not([type=checkbox])")) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (target) { event.preventDefault(); target.click(); }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-all]");
    if (!button) return;
    for (const each of button.closest("form").querySelectorAll("input[name=question]")) each.checked = Boolean(button.dataset.all);
  });

  /* A second press would decide about the next group unseen. What takes seconds is seen to be under way. */
  for (const form of document.forms) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
      event.submitter?.setAttribute("aria-busy", "true");
    });
  }
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  });

  const job = document.querySelector("[data-job]");
  if (job) {
    const bar = document.querySelector("progress");
    const look = async () => {
      const state = await (await fetch(job.dataset.job)).json();
      if (!state.running) { location.reload(); return; }
      if (state.total) { bar.max = state.total; bar.value = state.done; }
      setTimeout(look, 700);
    };
    setTimeout(look, 700);
  }
})();
