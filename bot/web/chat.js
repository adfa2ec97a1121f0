/* What the chat page needs and Gradio does not do: suggestion buttons, a draft that is never lost,
   the answer in view, names that a screen reader can read. Phrases come from the script's data-*. */
(() => {
  "use strict";

  const phrases = document.currentScript.dataset;
  const PREDICT = "/gradio_api/run/predict";
  const typedBox = () => document.querySelector("#mm-typed textarea");
  const log = () => document.querySelector("#mm-log [role=log]");
  const questions = () => document.querySelectorAll("#mm-log .mm-question");

  /* --- questions wait in line -------------------------------------------------------------------
     Typed or chosen, a question leaves through Gradio's hidden box, one at a time: Gradio reads that
     box a moment after it is told to, and an answer that came late would hide the one after it. */
  const line = [];
  let asking = null; /* the question under way, "" for a new conversation, null for nothing */
  let eraseNext = false;
  let patience = 0;

  function ask(question) {
    line.push(question);
    next();
  }

  function next() {
    const hidden = document.querySelector("#mm-chosen textarea");
    if (asking !== null || line.length === 0 || !hidden) return;
    begin(line.shift());
    write(hidden, asking);
    hidden.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true }));
  }

  function begin(question) {
    asking = question;
    /* Gradio asks nothing at all while it believes that the connection is lost. */
    patience = setTimeout(() => done(phrases.unreachable), 3000);
  }

  function done(complaint) {
    clearTimeout(patience);
    say(complaint);
    const box = typedBox();
    if (complaint && asking && box && !box.value.trim()) write(box, asking);
    asking = null;
    if (eraseNext) {
      eraseNext = false;
      document.getElementById("mm-again")?.click();
    } else {
      next();
    }
  }

  /* A new conversation waits for the answer under way, which would bring the old one back. */
  function erase(event) {
    line.length = 0;
    if (asking === null) {
      begin("");
    } else {
      eraseNext = true;
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /* Gradio reads a field on its "input" event, and submits it on "keypress". */
  function write(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function send(event) {
    event.preventDefault();
    event.stopPropagation();
    const box = typedBox();
    const question = box.value;
    if (!question.trim()) return;
    write(box, "");
    box.focus();
    ask(question);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".mm-ask, #mm-send, #mm-again");
    if (button?.id === "mm-send") send(event);
    else if (button?.id === "mm-again") erase(event);
    else if (button) ask(button.textContent);
  }, { capture: true });

  document.addEventListener("keypress", (event) => {
    const enter = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (enter && event.target === typedBox()) send(event);
  }, { capture: true });

  /* --- what became of the question ------------------------------------------------------------- */
  const plainFetch = window.fetch.bind(window);
  window.fetch = async (target, options) => {
    const address = typeof target === "string" ? target : (target.url ?? String(target));
    if (!address.includes(PREDICT)) return plainFetch(target, options);
    clearTimeout(patience);
    /* An answer takes less time than this phrase: it shows on a slow network only. */
    patience = setTimeout(() => say(phrases.searching), 400);
    try {
      const response = await plainFetch(target, options);
      await response.clone().text();
      /* After Gradio has read and shown it: a question that left earlier could be lost with the old log. */
      setTimeout(() => done(complaintAbout(response)), asking === "" ? 250 : 0);
      return response;
    } catch (error) {
      done(phrases.unreachable);
      throw error;
    }
  };

  function complaintAbout(response) {
    if (response.ok) return "";
    if (response.status === 429) return phrases.tooMany;
    return response.status === 413 ? phrases.tooLarge : phrases.unreachable;
  }

  function say(phrase) {
    let status = document.getElementById("mm-status");
    if (!status) {
      status = document.createElement("p");
      status.id = "mm-status";
      status.setAttribute("role", "status");
      document.getElementById("mm-composer")?.append(status);
    }
    if (status.textContent !== phrase) status.textContent = phrase;
  }

  /* Gradio reloads the page when it finds the server restarted: the draft waits in this tab. */
  const DRAFT = "motamot-draft";
  window.addEventListener("pagehide", () => {
    const draft = typedBox()?.value.trim() ? typedBox().value : (asking ?? "");
    if (draft) sessionStorage.setItem(DRAFT, draft);
  });

  let restored = false;
  function restoreDraft() {
    if (restored || !typedBox()) return;
    restored = true;
    const draft = sessionStorage.getItem(DRAFT);
    if (draft && !typedBox().value) write(typedBox(), draft);
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
