/* The thumbs under an answer, in the chat and on the light page. The server puts two buttons in a box whose id
   carries the name of the answer; the rest is here. Phrases come from the script's data-*. */
(() => {
  "use strict";

  const { make } = Page;
  const script = document.currentScript;
  const phrases = script.dataset;
  const reasons = phrases.reasons.split("|").map((pair) => pair.split("="));
  const address = new URL("../api/feedback", script.src);
  const PREFIX = "mm-journal-";
  const MAX_COMMENT = 500;
  /* By answer: Gradio may write a message anew, and what was chosen must still show. */
  const opinions = new Map();

  /* For a page where the box stands in no live region; there before it speaks, or nobody hears it. */
  const status = make("p", { className: "mm-spoken", role: "status" });
  document.addEventListener("DOMContentLoaded", () => document.body.append(status));

  async function send(opinion) {
    const { journal, helpful, reason, comment } = opinion;
    const body = JSON.stringify({ journal, helpful, ...(reason && { reason }), ...(comment && { comment }) });
    try {
      const response = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (response.ok) return "";
      return (await response.json()).detail || phrases.lost;
    } catch {
      return phrases.lost;
    }
  }

  async function judge(box, changes) {
    const journal = box.id.slice(PREFIX.length);
    const wanted = { journal, ...changes };
    const complaint = await send(wanted);
    const before = opinions.get(journal);
    if (complaint) opinions.set(journal, { ...before, journal, note: complaint, lost: true });
    else opinions.set(journal, { ...wanted, note: wanted.asking ? phrases.thanksWhy : phrases.thanks, lost: false });
    const now = document.getElementById(box.id);
    if (now) paint(now);
    return !complaint;
  }

  /* Show in its box what the visitor chose and what became of it. */
  function paint(box) {
    const opinion = opinions.get(box.id.slice(PREFIX.length));
    for (const button of box.querySelectorAll(".mm-thumb")) {
      const up = button.classList.contains("mm-thumb-up");
      button.setAttribute("aria-pressed", String(opinion?.helpful === up));
    }
    if (!opinion) return;
    let note = box.querySelector(".mm-thumbs-note");
    if (!note) {
      note = make("p", {});
      box.querySelector(".mm-thumb-down").after(note);
    }
    note.className = opinion.lost ? "mm-thumbs-note mm-lost" : "mm-thumbs-note";
    if (note.textContent !== opinion.note) {
      note.textContent = opinion.note;
      if (!box.closest("[role=log], [aria-live]")) status.textContent = opinion.note;
    }
    const form = box.querySelector("form");
    if (opinion.asking && !form) note.after(why(box));
    if (!opinion.asking && form) form.remove();
  }

  function why(box) {
    const choices = reasons.map(([code, phrase]) => make(
      "label", { className: "mm-choice" },
      make("input", { type: "radio", name: `${box.id}-reason`, value: code }), phrase,
    ));
    const comment = make("textarea", { id: `${box.id}-comment`, maxLength: MAX_COMMENT, rows: 2, lang: "fr" });
    const hint = make("p", { id: `${box.id}-hint`, className: "mm-why-hint" }, phrases.commentHint);
    comment.setAttribute("aria-describedby", hint.id);
    const skip = make("button", { type: "button" }, phrases.skip);
    const form = make(
      "form", { className: "mm-why" },
      make("fieldset", {}, make("legend", {}, phrases.why), ...choices),
      make("label", { className: "mm-why-label", htmlFor: comment.id }, phrases.comment),
      comment, hint,
      make("p", { className: "mm-why-row" }, make("button", { type: "submit" }, phrases.send), skip),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const reason = form.querySelector("input:checked")?.value;
      if (await judge(box, { helpful: false, reason, comment: comment.value.trim() })) back(box);
    });
    skip.addEventListener("click", () => {
      const journal = box.id.slice(PREFIX.length);
      opinions.set(journal, { ...opinions.get(journal), asking: false, note: phrases.thanks });
      paint(box);
      back(box);
    });
    return form;
  }

  /* The form is gone: the focus returns where it came from. */
  const back = (box) => document.getElementById(box.id)?.querySelector(".mm-thumb-down").focus();

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".mm-thumbs > .mm-thumb");
    if (!button) return;
    const helpful = button.classList.contains("mm-thumb-up");
    judge(button.parentElement, { helpful, asking: !helpful });
  });

  const FRESH = ".mm-thumbs > .mm-thumb:not([aria-pressed])";
  new MutationObserver(() => {
    for (const button of document.querySelectorAll(FRESH)) paint(button.parentElement);
  }).observe(document.documentElement, { subtree: true, childList: true });
})();
