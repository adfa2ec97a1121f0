/* What the chat page needs and Gradio does not do: suggestion buttons, a draft that is never lost,
   the answer in view, names that a screen reader can read. Phrases come from the script's data-*. */
(() => {
  "use strict";

  const phrases = document.currentScript.dataset;
  const PREDICT = "/gradio_api/run/predict";
  const typedBox = () => document.querySelector("#mm-typed textarea");
  const log = () => document.querySelector("#mm-log [role=log]");
  const questions = () => document.querySelectorAll("#mm-log .mm-question");

  /* Gradio reads a field on its "input" event, and submits it on "keypress". */
  function write(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* --- a suggestion is asked as it stands; what was being typed stays in its box --------------- */
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".mm-ask");
    const chosen = document.querySelector("#mm-chosen textarea");
    if (!button || !chosen) return;
    write(chosen, button.textContent);
    chosen.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true }));
  });

  /* --- the draft: cleared once sent, given back when the server cannot be reached -------------- */
  function status() {
    let line = document.getElementById("mm-status");
    if (!line) {
      line = document.createElement("p");
      line.id = "mm-status";
      line.setAttribute("role", "status");
      document.getElementById("mm-composer")?.append(line);
    }
    return line;
  }

  function say(phrase) {
    const line = status();
    if (line.textContent !== phrase) line.textContent = phrase;
  }

  function questionOf(options) {
    try {
      const [question] = JSON.parse(options.body).data;
      return typeof question === "string" ? question : "";
    } catch {
      return ""; /* not a request of ours: let it pass as it is */
    }
  }

  const plainFetch = window.fetch.bind(window);
  window.fetch = async (target, options) => {
    const address = typeof target === "string" ? target : (target.url ?? String(target));
    if (!address.includes(PREDICT)) return plainFetch(target, options);
    const question = questionOf(options ?? {});
    const box = typedBox();
    if (question && box && box.value === question) write(box, "");
    /* An answer takes less time than this line: it shows on a slow network only. */
    const patience = setTimeout(() => say(phrases.searching), 400);
    try {
      const response = await plainFetch(target, options);
      clearTimeout(patience);
      say(response.ok ? "" : response.status === 413 ? phrases.tooLarge : phrases.unreachable);
      if (!response.ok) giveBack(question);
      return response;
    } catch (error) {
      say(phrases.unreachable);
      giveBack(question);
      throw error;
    } finally {
      clearTimeout(patience);
    }
  };

  function giveBack(question) {
    const box = typedBox();
    if (box && question && !box.value.trim()) write(box, question);
  }

  /* Gradio reloads the page when it finds the server restarted: the draft waits in this tab. */
  const DRAFT = "motamot-draft";
  window.addEventListener("pagehide", () => {
    const draft = typedBox()?.value ?? "";
    if (draft.trim()) sessionStorage.setItem(DRAFT, draft);
  });

  let restored = false;
  function restoreDraft() {
    if (restored || !typedBox()) return;
    restored = true;
    giveBack(sessionStorage.getItem(DRAFT));
    sessionStorage.removeItem(DRAFT);
  }

  /* --- the newest question at the top of the window, so that its answer starts in view --------- */
  let shown = 0;
  function follow() {
    const all = questions();
    if (all.length > shown) {
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      all[all.length - 1].scrollIntoView({ block: "start", inline: "nearest", behavior: calm ? "auto" : "smooth" });
    } else if (all.length < shown) {
      window.scrollTo({ top: 0 });
    }
    shown = all.length;
  }

  /* --- names: Gradio labels each message with its own source, in English ----------------------- */
  function mendNames() {
    for (const message of document.querySelectorAll("#mm-log [data-testid=bot], #mm-log [data-testid=user]")) {
      if (message.hasAttribute("aria-label")) message.removeAttribute("aria-label");
    }
    /* Only when it differs: writing the same value would call the observer for ever. */
    const conversation = log();
    if (conversation && conversation.getAttribute("aria-label") !== phrases.conversation) {
      conversation.setAttribute("aria-label", phrases.conversation);
    }
    if (document.documentElement.lang !== "fr") document.documentElement.lang = "fr";
  }

  new MutationObserver(() => {
    mendNames();
    follow();
    restoreDraft();
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["lang", "aria-label"],
  });
})();
