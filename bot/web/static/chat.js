/* What the chat page needs and Gradio does not do: the conversation is kept here, a question is shown until its answer
   is there and never lost, suggestions, the answer in view, names for screen readers. Gradio's own events take the
   questions to the server. Phrases come from the script's data-*; the selectors are listed in tests/test_gradio.py. */
(() => {
  "use strict";

  const phrases = document.currentScript.dataset;
  const { make } = Page;
  const field = (id) => document.querySelector(`#${id} textarea`);
  const log = () => document.querySelector("#mm-log [role=log]");
  const answered = () => [...document.querySelectorAll("#mm-log [data-testid=user] .mm-question")];
  const textOf = (question) => question.querySelector(".mm-verbatim").textContent;

  /* A value that is written is read by Gradio on the event "input". */
  function write(textarea, value) {
    textarea.value = value;
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* --- the conversation, in this tab: the server knows nothing of it, so that any process answers, before a restart
     or after it. It is given the questions before, and gives back the greeting and one turn; the other turns are put
     between on the way to Gradio, which shows all that it is given ------------------------------------------------ */
  const KEPT = `motamot ${location.pathname.match(/\/c\/[^/]+\/$/)?.[0] ?? "/"}`; /* each collection has its own */
  const KEPT_TURNS = 50; /* after a reload; all of them until then */
  let isRestored = false;
  let turns = []; /* { question, messages, understood } */

  function keep() {
    if (!isRestored) return;
    const kept = { turns: turns.slice(-KEPT_TURNS), draft: field("mm-typed")?.value ?? "", unanswered: waiting.map((item) => item.question) };
    Page.keep(KEPT, turns.length || kept.draft.trim() || kept.unanswered.length ? kept : null);
  }

  const toServer = window.fetch;
  window.fetch = async (...call) => {
    const conversation = turns;
    if (sending && String(call[1]?.body).includes(JSON.stringify(sending.question))) sending.sent = true;
    const response = await toServer(...call);
    const { pathname } = new URL(call[0]?.url ?? call[0], location.href);
    if (!response.ok || !pathname.endsWith("/run/predict")) return response;
    const answer = await response.json();
    const [greeting, ...messages] = answer.data?.[0] ?? [];
    if (messages.length && conversation === turns) {
      /* Neither a courtesy nor a failure is anything that a later question could refer to. */
      const understood = !/mm-answer mm-(?:smalltalk|notice)/.test(JSON.stringify(messages));
      turns.push({ question: sending.question, messages, understood });
      keep();
    }
    answer.data[0] = [greeting, ...turns.flatMap((turn) => turn.messages)];
    return Response.json(answer);
  };

  /* --- a question is sent, once that before it is answered or lost: Gradio reads the box a moment after the click,
     and an answer that came late would hide the one after it. A click that comes before Gradio is ready for it is
     lost without a word: until the question is seen on its way, it is clicked again ---------------------------- */
  const AGAIN_AFTER = 1500;
  let sending = null;
  function sendNext() {
    if (waiting.includes(sending) && !sending.lost) return;
    sending = waiting.find((item) => !item.lost);
    if (!sending) return;
    sending.element.querySelector(".mm-state")?.remove();
    sending.sent = false;
    ask(sending);
  }

  function ask(item, left = 5) {
    if (item.sent || item !== sending || !waiting.includes(item) || item.lost) return;
    if (!left) {
      fail();
      return;
    }
    setTimeout(() => ask(item, left - 1), AGAIN_AFTER);
    const [asked, before, button] = [field("mm-asked"), field("mm-earlier"), document.getElementById("mm-ask")];
    if (!asked || !before || !button) return;
    write(asked, item.question);
    const earlier = turns.filter((turn) => turn.understood).map((turn) => turn.question);
    write(before, JSON.stringify(earlier.slice(-Number(phrases.maxHistory))));
    button.click();
  }

  function send(question) {
    wait(question);
    sendNext();
  }

  function sendTyped(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const box = field("mm-typed");
    const question = box.value;
    const tooLong = Page.isTooLong(question, phrases);
    say(tooLong ? phrases.tooLong : "");
    if (tooLong || !question.trim()) return;
    write(box, "");
    send(question);
  }

  document.addEventListener("keypress", (event) => {
    const enter = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (enter && event.target === field("mm-typed")) sendTyped(event);
  }, { capture: true });

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".mm-ask, #mm-send, #mm-again");
    if (button?.matches(".mm-ask")) send(Page.asks(button));
    if (button?.id === "mm-send") sendTyped(event);
    if (button?.id === "mm-again") {
      [...waiting].forEach(remove);
      turns = [];
      keep();
      say("");
    }
    if (button?.closest("#mm-composer")) field("mm-typed").focus();
  }, { capture: true });

  /* --- what is shown of it until its answer is there, outside of the live region, which says it once ----------- */
  let waiting = [];

  function wait(question, kept = false) {
    let room = document.getElementById("mm-waiting");
    if (!room) {
      room = make("div", { id: "mm-waiting" });
      document.getElementById("mm-log").append(room);
    }
    const element = make("div", { className: "mm-turn" }, make("div", { className: "mm-question" },
      make("span", { className: "mm-spoken" }, phrases.asked), make("p", { className: "mm-verbatim" }, question)));
    room.append(element);
    const item = { question, element, lost: kept };
    waiting.push(item);
    if (kept) {
      markUnsent(item);
      return;
    }
    if (waiting.filter((other) => !other.lost).length > 1) element.append(make("p", { className: "mm-state" }, phrases.queued));
    element.scrollIntoView({ block: "nearest" });
    /* An answer takes less time than this phrase: it shows on a slow network only. */
    setTimeout(() => { if (waiting.includes(item) && !item.lost) say(phrases.searching); }, 400);
  }

  /* Not answered, and kept until the visitor says what to do with it. */
  function markUnsent(item) {
    item.lost = true;
    const button = make("button", { type: "button", className: "mm-resend" }, phrases.resend);
    button.addEventListener("click", () => {
      remove(item);
      say("");
      send(item.question);
      field("mm-typed").focus(); /* the button that had it is gone */
    });
    item.element.querySelector(".mm-state")?.remove();
    item.element.append(make("p", { className: "mm-state" }, `${phrases.unsent} `, button));
  }

  function remove(item) {
    item.element.remove();
    waiting = waiting.filter((other) => other !== item);
  }

  function say(phrase) {
    let status = document.getElementById("mm-status");
    if (!status) {
      status = make("p", { id: "mm-status", role: "status" });
      document.getElementById("mm-composer")?.append(status);
    }
    Page.say(status, phrase, phrase === phrases.searching);
  }

  /* --- the conversation as Gradio shows it ----------------------------------------------------------------------- */
  let shown = 0;
  function showNewest() {
    const questions = answered();
    if (questions.length === shown) return;
    for (const question of questions.slice(shown)) {
      const item = waiting.find((one) => one.question === textOf(question)) ?? sending;
      if (item) remove(item);
    }
    if (!waiting.some((item) => !item.lost)) say("");
    if (questions.length > shown) Page.reveal(questions.at(-1));
    else window.scrollTo({ top: 0 });
    shown = questions.length;
    sendNext();
  }

  /* What Gradio shows, and our style hides, where a call has failed. At a lost connection it asks nothing more, and
     loads the page again as soon as the server is back: nothing is lost with it, as follows. */
  const FAILED = ".toast-wrap .toast-body, #mm-log > [data-testid=status-tracker] .error";
  const handled = new WeakSet();
  function detectFailures() {
    for (const notice of document.querySelectorAll(FAILED)) {
      if (handled.has(notice)) continue;
      handled.add(notice);
      if (waiting.includes(sending)) fail();
    }
  }

  function fail() {
    markUnsent(sending);
    say(phrases.unreachable);
    sendNext();
  }

  window.addEventListener("pagehide", keep);

  function restore() {
    if (isRestored || !field("mm-typed") || !field("mm-asked") || !document.getElementById("mm-show") || !log()) return;
    isRestored = true;
    const { turns: before = [], draft, unanswered = [] } = Page.kept(KEPT);
    if (before.length) {
      turns = before;
      document.getElementById("mm-show").click();
    }
    if (draft && !field("mm-typed").value) write(field("mm-typed"), draft);
    for (const question of unanswered) wait(question, true);
    if (unanswered.length) say(phrases.unreachable);
  }

  /* --- names: Gradio labels each message with its own source, in English ----------------------------------------- */
  function fixLabels() {
    for (const message of document.querySelectorAll("#mm-log [data-testid=bot], #mm-log [data-testid=user]")) {
      if (message.hasAttribute("aria-label")) message.removeAttribute("aria-label");
    }
    /* Only when it differs: writing the same value would call the observer for ever. */
    if (log() && log().getAttribute("aria-label") !== phrases.conversation) {
      log().setAttribute("aria-label", phrases.conversation);
    }
    if (document.documentElement.lang !== "fr") document.documentElement.lang = "fr";
  }

  new MutationObserver(() => {
    fixLabels();
    showNewest();
    detectFailures();
    restore();
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["lang", "aria-label"],
  });
})();
