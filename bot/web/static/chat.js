/* What the chat page needs and Gradio does not do: suggestion buttons, a draft that is never lost,
   the answer in view, names that a screen reader can read. Phrases come from the script's data-*. */
(() => {
  "use strict";

  const phrases = document.currentScript.dataset;
  const PREDICT = "/gradio_api/run/predict";
  const typedBox = () => document.querySelector("#mm-typed textarea");
  const log = () => document.querySelector("#mm-log [role=log]");
  const questions = () => document.querySelectorAll("#mm-log [role=log] .mm-question");

  /* --- questions wait in line -------------------------------------------------------------------
     Typed or chosen, a question leaves through Gradio's hidden box, one at a time: Gradio reads that
     box a moment after it is told to, and an answer that came late would hide the one after it.
     Until Gradio shows it with its answer, it stands under the conversation: outside of the live
     region, which says it once. */
  const AGAIN = { question: "" }; /* a new conversation takes its turn like a question */
  const waiting = []; /* all that is shown so, oldest first */
  const line = []; /* of these, what is still to be sent */
  const sent = []; /* and what has left */
  let current = null; /* under way */
  let eraseNext = false;
  let patience = 0;

  function ask(question) {
    const item = wait(question);
    if (current) state(item, phrases.queued);
    line.push(item);
    next();
    item.element.scrollIntoView({ block: "nearest" });
  }

  function next() {
    const hidden = document.querySelector("#mm-chosen textarea");
    if (current || line.length === 0 || !hidden) return;
    begin(line.shift());
    sent.push(current);
    state(current, "");
    write(hidden, current.question);
    hidden.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true }));
  }

  function begin(item) {
    current = item;
    /* Gradio asks nothing at all while it believes that the connection is lost. */
    patience = setTimeout(() => done("unreachable"), 3000);
  }

  /* `trouble` names the phrase that says why there is no answer. */
  function done(trouble) {
    clearTimeout(patience);
    const item = current;
    current = null;
    if (item && trouble && !eraseNext) {
      giveBack(item, trouble);
    } else {
      if (!eraseNext) say("");
      /* In case Gradio shows it in a way that we do not see. */
      if (item) setTimeout(() => forget(item), 1000);
    }
    if (eraseNext) {
      eraseNext = false;
      document.getElementById("mm-again")?.click();
    } else {
      next();
    }
  }

  /* To the box; or if something else is typed there, or waits to be sent, within reach. */
  function giveBack(item, trouble) {
    const box = typedBox();
    const free = item === AGAIN || (box && !box.value.trim() && line.length === 0);
    if (free) {
      forget(item);
      if (item.question) write(box, item.question);
    } else {
      hold(item, trouble === "tooLarge");
    }
    say(free ? phrases[trouble] : phrases[`${trouble}Held`]);
  }

  /* A new conversation waits for the answer under way, which would bring the old one back. */
  function erase(event) {
    line.length = 0;
    [...waiting].forEach(forget);
    unkeep();
    if (current) {
      eraseNext = true;
      event.preventDefault();
      event.stopPropagation();
    } else {
      begin(AGAIN);
    }
  }

  /* --- what is shown of a question before its answer --------------------------------------------- */
  function create(tag, className, text = "") {
    return Object.assign(document.createElement(tag), { className, textContent: text });
  }

  function wait(question) {
    let room = document.getElementById("mm-waiting");
    if (!room) {
      room = create("div", "");
      room.id = "mm-waiting";
      document.getElementById("mm-log").append(room);
    }
    const element = create("div", "mm-turn");
    const asked = create("div", "mm-question");
    asked.append(create("span", "mm-spoken", phrases.asked), create("p", "mm-verbatim", question));
    element.append(asked);
    room.append(element);
    const item = { question, element };
    waiting.push(item);
    return item;
  }

  function state(item, phrase) {
    item.element.querySelector(".mm-state")?.remove();
    if (phrase) item.element.append(create("p", "mm-state", phrase));
    return item.element.lastElementChild;
  }

  /* Not sent, and kept until the visitor says what to do with it. */
  function hold(item, tooLarge) {
    withdraw(sent, item);
    const button = create("button", "mm-resend", tooLarge ? phrases.edit : phrases.resend);
    button.type = "button";
    button.addEventListener("click", () => {
      const box = typedBox();
      forget(item);
      if (tooLarge) write(box, box.value.trim() ? `${item.question}\n${box.value}` : item.question);
      else ask(item.question);
      box.focus(); /* the button that had it is gone */
    });
    state(item, phrases.unsent).append(" ", button);
  }

  function withdraw(list, item) {
    const at = list.indexOf(item);
    if (at >= 0) list.splice(at, 1);
  }

  function forget(item) {
    item.element?.remove();
    withdraw(sent, item);
    withdraw(waiting, item);
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
      const trouble = troubleOf(response);
      if (current === AGAIN && !trouble) whenEmpty();
      else setTimeout(() => done(trouble));
      return trouble ? refusal() : response;
    } catch {
      done("unreachable");
      return refusal();
    }
  };

  /* What Gradio is told of any trouble. At a lost connection it would ask nothing more, and load the page again
     as soon as the server is back: the conversation would be lost. */
  const refusal = () => Response.json({ error: "" }, { status: 500 });

  function troubleOf(response) {
    if (response.ok) return "";
    if (response.status === 429) return "tooMany";
    /* A proxy in front may answer 503 too, for a server that is down. */
    const own = (response.headers.get("Content-Type") ?? "").includes("problem+json");
    if (response.status === 503 && own) return "overloaded";
    return response.status === 413 ? "tooLarge" : "unreachable";
  }

  /* A question that left before Gradio has emptied the conversation could be lost with it. */
  let emptying = 0;
  function whenEmpty() {
    clearTimeout(patience);
    emptying = setTimeout(emptied, 2000);
    if (questions().length === 0) setTimeout(emptied);
  }

  function emptied() {
    if (!emptying) return;
    clearTimeout(emptying);
    emptying = 0;
    done("");
  }

  function say(phrase) {
    let status = document.getElementById("mm-status");
    if (!status) {
      status = document.createElement("p");
      status.id = "mm-status";
      status.setAttribute("role", "status");
      document.getElementById("mm-composer")?.append(status);
    }
    status.classList.toggle("mm-quiet", phrase === phrases.searching);
    if (status.textContent !== phrase) status.textContent = phrase;
  }

  /* Gradio reloads the page when it finds the server restarted: what was typed waits in this tab. */
  const KEPT = "motamot-draft";
  window.addEventListener("pagehide", () => {
    const draft = typedBox()?.value ?? "";
    const unanswered = waiting.map((item) => item.question);
    if (!draft.trim() && unanswered.length === 0) return;
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ draft, unanswered }));
    } catch {
      /* No storage in this browser: nothing can be kept. */
    }
  });

  function unkeep() {
    try {
      const kept = sessionStorage.getItem(KEPT);
      sessionStorage.removeItem(KEPT);
      return JSON.parse(kept);
    } catch {
      return null; /* as above */
    }
  }

  let restored = false;
  function restore() {
    if (restored || !typedBox() || !log()) return;
    restored = true;
    let { draft = "", unanswered = [] } = unkeep() ?? {};
    if (!draft.trim() && unanswered.length === 1) [draft, unanswered] = [unanswered[0], []];
    if (draft && !typedBox().value) write(typedBox(), draft);
    for (const question of unanswered) hold(wait(question), false);
  }

  /* --- the newest question at the top of the window, so that its answer starts in view --------- */
  let shown = 0;
  function follow() {
    const all = questions();
    if (emptying && all.length === 0) emptied();
    sent.slice(0, Math.max(all.length - shown, 0)).forEach(forget);
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
    restore();
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["lang", "aria-label"],
  });
})();
