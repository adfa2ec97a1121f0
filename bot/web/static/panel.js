/* The light page: asks the same endpoint as a program would, and shows the HTML that the server made of the answer.
   Phrases come from the data-* of <main>. Nothing typed is lost: a question waits, is answered, or can be sent again. */
(() => {
  "use strict";

  const main = document.querySelector("main");
  const phrases = main.dataset;
  const log = document.getElementById("mm-conversation");
  const form = document.querySelector(".mm-composer");
  const box = document.getElementById("mm-typed");
  const status = document.querySelector(".mm-status");
  const eraser = document.querySelector(".mm-erase");
  const framed = window.parent !== window;
  const block = document.body.classList.contains("mm-bloc");
  const PATIENCE = 60000; /* ms; an answer takes far less than one second */
  const LONGEST_WAIT = 60; /* s; a longer one that the server asks for is left to the visitor */
  const TRIES = 3;
  const KEPT_TURNS = 50;

  /* --- what is kept: each frame of a page has its own name, so its own conversation ------------------------- */
  const KEY = `motamot ${location.pathname} ${window.name}`;
  let turns = []; /* { question, html, understood }, html empty while there is no answer */

  function keep() {
    const kept = turns.slice(-KEPT_TURNS).map(({ question, html, understood }) => ({ question, html, understood }));
    Page.keep(KEY, kept.length || box.value ? { turns: kept, draft: box.value } : null);
    eraser.hidden = turns.length === 0;
  }

  function restore() {
    const kept = Page.kept(KEY);
    for (const { question, html, understood } of kept.turns ?? []) {
      const turn = begin(question);
      const reply = html ? fragment(html) : null;
      if (reply) Object.assign(turn, { html, understood }), turn.element.append(reply);
      else trouble(turn, phrases.unfinished, phrases.again);
    }
    if (kept.draft && !box.value) box.value = kept.draft;
    eraser.hidden = turns.length === 0;
    fit();
  }

  /* --- questions wait in line, and leave one at a time -------------------------------------------------- */
  const line = [];
  let stop = new AbortController(); /* of the conversation: erasing it gives up what is under way */
  let working = false;

  function ask(question) {
    const turn = begin(question);
    enter(turn);
    reveal(turn);
  }

  function begin(question) {
    const element = document.getElementById("mm-asked").content.cloneNode(true).firstElementChild;
    element.querySelector(".mm-verbatim").textContent = question;
    log.append(element);
    const turn = { question, html: "", understood: false, element };
    turns.push(turn);
    return turn;
  }

  function enter(turn) {
    if (working) state(turn, phrases.queued);
    line.push(turn);
    keep();
    work();
  }

  async function work() {
    if (working) return;
    working = true;
    const conversation = stop;
    while (line.length && !conversation.signal.aborted) {
      const turn = line.shift();
      state(turn, "");
      await answer(turn, conversation.signal);
    }
    if (conversation === stop) working = false;
  }

  async function answer(turn, erased, tries = 1) {
    const slow = setTimeout(() => say(phrases.searching), 400);
    const outcome = await send(turn, erased);
    clearTimeout(slow);
    if (erased.aborted) return;
    if (outcome.wait && tries < TRIES) {
      say(phrases.slowDown.replace("{seconds}", outcome.wait));
      await pause(outcome.wait * 1000, erased);
      if (!erased.aborted) await answer(turn, erased, tries + 1);
      return;
    }
    say("");
    if (outcome.reply) {
      turn.html = outcome.html;
      turn.understood = !outcome.reply.matches(".mm-smalltalk");
      tell("answer", /mm-(\w+)$/.exec(outcome.reply.className)?.[1]);
      turn.element.append(outcome.reply);
    } else {
      trouble(turn, outcome.complaint, outcome.label);
      tell("answer", "error");
    }
    keep();
    /* Whoever has gone on reading or moving through the conversation is left where they are. */
    if (!log.contains(document.activeElement)) reveal(turn);
  }

  /* Returns the answer, or what to say of its absence. */
  async function send(turn, erased) {
    const earlier = turns.slice(0, turns.indexOf(turn)).filter((one) => one.understood).map((one) => one.question);
    const history = earlier.slice(-Number(phrases.maxHistory));
    try {
      const response = await fetch("api/ask", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "text/html" },
        body: JSON.stringify({ question: turn.question, history }),
        signal: AbortSignal.any ? AbortSignal.any([erased, AbortSignal.timeout(PATIENCE)]) : erased,
      });
      const text = await response.text();
      if (!response.ok) return refused(response, text);
      const reply = fragment(text);
      return reply ? { html: text, reply } : { complaint: phrases.busy, label: phrases.again };
    } catch {
      return { complaint: phrases.offline, label: phrases.again };
    }
  }

  function refused(response, text) {
    const seconds = Number(response.headers.get("Retry-After"));
    if (response.status === 413) return { complaint: phrases.tooLarge, label: phrases.edit };
    if (response.status === 429) {
      const wait = seconds > 0 && seconds <= LONGEST_WAIT ? Math.ceil(seconds) : 0;
      return { wait, complaint: phrases.tooMany, label: phrases.again };
    }
    /* Our own server says in French what happened; a proxy in front of it does not. */
    const own = (response.headers.get("Content-Type") ?? "").includes("problem+json");
    const label = response.status === 422 ? phrases.edit : phrases.again;
    return { complaint: own ? JSON.parse(text).detail : response.status === 500 ? phrases.failed : phrases.busy, label };
  }

  const pause = (ms, erased) => new Promise((done) => {
    const timer = setTimeout(done, ms);
    erased.addEventListener("abort", () => { clearTimeout(timer); done(); });
  });

  /* --- what is shown --------------------------------------------------------------------------------- */
  /* The server's own HTML; a page of something else in its place (a proxy, a portal) is not one. */
  function fragment(html) {
    const reply = new DOMParser().parseFromString(html, "text/html").querySelector("body > .mm-answer");
    return reply && document.adoptNode(reply);
  }

  function trouble(turn, complaint, label) {
    const notice = document.getElementById("mm-trouble").content.cloneNode(true).firstElementChild;
    notice.querySelector(".mm-message").textContent = complaint;
    const button = Page.make("button", { type: "button", className: "mm-action mm-second" }, label);
    button.addEventListener("click", () => {
      if (label === phrases.edit) {
        box.value = box.value.trim() ? `${turn.question}\n${box.value}` : turn.question;
        turns.splice(turns.indexOf(turn), 1);
        turn.element.remove();
        fit();
        keep();
      } else {
        notice.remove();
        enter(turn);
      }
      box.focus(); /* the button that had it is gone */
    });
    notice.append(button);
    turn.element.append(notice);
  }

  function state(turn, phrase) {
    turn.element.querySelector(".mm-state")?.remove();
    if (phrase) turn.element.append(Page.make("p", { className: "mm-state" }, phrase));
  }

  function say(phrase) {
    Page.say(status, phrase, phrase === phrases.searching || phrase === phrases.erased);
  }

  function reveal(turn) {
    Page.reveal(turn.element.querySelector(".mm-question"), block ? form.getBoundingClientRect().height : 0);
  }

  /* As high as what is typed. */
  function fit() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
  }

  /* --- what the visitor does ------------------------------------------------------------------------- */
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = box.value;
    if (!question.trim()) return;
    if (Page.isTooLong(question, phrases)) {
      say(phrases.tooLong);
      return;
    }
    box.value = "";
    fit();
    say(working ? phrases.searching : "");
    box.focus();
    ask(question);
  });

  box.addEventListener("input", fit);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });

  main.addEventListener("click", (event) => {
    const chosen = event.target.closest(".mm-ask");
    if (chosen) ask(Page.asks(chosen));
  });

  eraser.addEventListener("click", () => {
    stop.abort();
    stop = new AbortController();
    working = false;
    line.length = 0;
    turns = [];
    log.replaceChildren();
    keep();
    say(phrases.erased);
    box.focus();
  });

  window.addEventListener("pagehide", keep);

  /* --- in a frame: the page around, and it alone, hears that there is an answer and of what kind; never what is said */
  let host = null; /* its origin, once it has greeted us */

  function tell(motamot, value) {
    if (host) window.parent.postMessage({ motamot, value }, host);
  }

  if (framed) {
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || typeof event.data?.motamot !== "string") return;
      const { motamot, value } = event.data;
      const question = typeof value === "string" ? value.trim() : "";
      if (motamot === "hello" && event.origin !== "null") {
        host = event.origin;
        dress(value);
        tell("ready");
      } else if (motamot === "focus" && !window.matchMedia("(pointer: coarse)").matches) {
        box.focus({ preventScroll: true }); /* on a telephone the keyboard would hide the greeting */
      } else if (motamot === "ask" || motamot === "begin" && !turns.length && !box.value) {
        if (question && !Page.isTooLong(question, phrases)) ask(question);
      }
    });
    document.addEventListener("keydown", (event) => {
      const ours = event.key === "Escape" && !event.defaultPrevented && !event.isComposing;
      if (ours && !document.querySelector("dialog[open]")) tell("close");
    });
    /* A frame has no button to come back; a dialog in one as high as its content would open out of sight. */
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (!link || link.hash && link.pathname === location.pathname) return;
      if (link.matches(".mm-view") && !block) return;
      link.target = "_blank";
      link.rel = "noopener";
      if (link.matches(".mm-view")) event.stopPropagation();
    }, { capture: true });
    for (const link of document.querySelectorAll(".mm-foot a[href^=\"http\"], .mm-foot a:not([href*=\":\"])")) {
      link.append(` (${phrases.newTab})`);
    }
  }

  /* In the colours of the page around: those of its accent, already made readable there. */
  function dress(style) {
    const root = document.documentElement;
    if (style?.theme === "light" || style?.theme === "dark") root.dataset.theme = style.theme;
    for (const [name, value] of Object.entries(style?.colours ?? {})) {
      const known = ["accent", "accent-strong", "on-accent", "tint"].includes(name);
      if (known && /^light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)$/.test(value)) root.style.setProperty(`--mm-${name}`, value);
    }
  }

  /* Until this listened, Enter broke the line: what was sent so is sent now; a draft of before is not. */
  const sentEarly = box.value.endsWith("\n");
  if (sentEarly) box.value = box.value.trimEnd();
  restore();
  box.enterKeyHint = "send";
  if (sentEarly) form.requestSubmit();
})();
