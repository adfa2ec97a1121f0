/* What is done with a quote wherever one is shown: copy it with its reference, hear it, see it in its document
   beside what one reads, print its sheet. Without this script the links lead to pages of their own. */
(() => {
  "use strict";

  const own = new URL(document.currentScript.src);
  const phrases = {
    copied: "Citation copiée", notCopied: "La copie n’a pas été permise", close: "Fermer",
    whole: "Ouvrir en pleine page", loading: "Ouverture du document…", viewer: "Document cité",
    failed: "Le document n’a pas pu être ouvert. Vérifiez votre connexion, puis essayez à nouveau, ou ouvrez-le en pleine page.",
  };
  const NBSP = "\u00a0";
  const AWAY = ".mm-proof, .mm-sheet, .mm-permalink"; /* opened apart from a conversation, which would be lost */
  const { make } = Page;
  const names = new WeakMap();
  const conversation = () => document.querySelector("#mm-log, [role=log]");
  document.documentElement.classList.add("mm-scripted");

  /* --- copy ------------------------------------------------------------------------------------- */
  const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const textOf = (root, selector) => (root.querySelector(selector)?.textContent ?? "").trim().replace(/\s+/g, " ");

  /* The head of the table or list of a quote that does not hold it, as the page shows it. */
  const contextOf = (cited) => cited.querySelector(".mm-context")?.innerText ?? "";

  /* The words as they are in the page, which are the document's own, and where they stand. */
  function reference(cited) {
    const words = cited.querySelector(".mm-text").textContent;
    const title = textOf(cited, ".mm-title");
    const where = textOf(cited, ".mm-where");
    const notice = textOf(cited, ".mm-badge");
    const about = `${where}${notice ? ` (${notice})` : ""}`;
    const proof = cited.querySelector("a.mm-proof").href;
    const context = contextOf(cited);
    const lines = (text) => escaped(text).replace(/\n/g, "<br>");
    return {
      plain: `${context && `${context}\n\n`}«${NBSP}${words}${NBSP}»\n\n${title}, ${about}\nPreuve${NBSP}: ${proof}`,
      html: `${context && `<p>${lines(context)}</p>`}<blockquote>«${NBSP}${lines(words)}${NBSP}»</blockquote><p><cite>${escaped(title)}</cite>, ${escaped(about)}`
        + `<br>Preuve${NBSP}: <a href="${escaped(proof)}">${escaped(proof)}</a></p>`,
    };
  }

  async function copy(button) {
    const done = await write(reference(button.closest(".mm-cited")));
    say(done ? phrases.copied : phrases.notCopied);
    const name = names.get(button) ?? [...button.childNodes];
    names.set(button, name);
    button.replaceChildren(done ? phrases.copied : phrases.notCopied);
    setTimeout(() => button.replaceChildren(...name), 3000);
  }

  async function write({ plain, html }) {
    try {
      await navigator.clipboard.write([new ClipboardItem({
        "text/plain": new Blob([plain], { type: "text/plain" }), "text/html": new Blob([html], { type: "text/html" }),
      })]);
      return true;
    } catch {
      return writeAsBefore(plain, html); /* not over HTTPS, or in a frame that may not */
    }
  }

  function writeAsBefore(plain, html) {
    let done = false;
    const fill = (event) => {
      event.clipboardData.setData("text/plain", plain);
      event.clipboardData.setData("text/html", html);
      event.preventDefault();
      done = true;
    };
    document.addEventListener("copy", fill, { capture: true, once: true });
    document.execCommand("copy");
    document.removeEventListener("copy", fill, { capture: true });
    return done;
  }

  /* There before it speaks, or it is not heard; in the dialog when one is open, or it is inert. */
  function say(phrase) {
    const room = document.querySelector("dialog.mm-beside[open]") ?? document.body;
    let status = room.querySelector(":scope > .mm-said");
    if (!status) {
      status = make("p", { className: "mm-said mm-spoken", role: "status" });
      room.append(status);
    }
    status.textContent = "";
    setTimeout(() => { status.textContent = phrase; }, 50);
  }

  /* --- listen: by a voice of this machine alone, which sends the words nowhere; without one there is no button ------ */
  let voice = null;
  let silence = () => {}; /* ends what is read aloud */

  function findVoice() {
    const own = (one) => one.localService === true && /^fr(?![a-z])/i.test(one.lang);
    voice = speechSynthesis.getVoices().find(own);
    document.documentElement.classList.toggle("mm-voiced", Boolean(voice));
  }

  if (window.speechSynthesis) {
    findVoice();
    speechSynthesis.addEventListener("voiceschanged", findVoice);
    window.addEventListener("pagehide", () => silence());
  }

  function listen(button) {
    const read = button.getAttribute("aria-pressed") === "true";
    silence();
    if (read || !voice) return;
    const cited = button.closest(".mm-cited");
    const words = new SpeechSynthesisUtterance(`${contextOf(cited)}\n${cited.querySelector(".mm-text").textContent}`.trim());
    Object.assign(words, { voice, lang: voice.lang });
    words.onend = words.onerror = () => button.removeAttribute("aria-pressed");
    silence = () => {
      words.onend();
      words.onend = words.onerror = null; /* they come late */
      speechSynthesis.cancel();
      silence = () => {};
    };
    button.setAttribute("aria-pressed", "true");
    speechSynthesis.speak(words);
  }

  /* --- see in the document ----------------------------------------------------------------------- */
  let dialog = null;
  let turn = 0; /* the last page asked for wins */

  function build() {
    const whole = make("a", { className: "mm-link mm-whole", target: "_blank", rel: "noopener" }, phrases.whole);
    const close = make("button", { type: "button", className: "mm-close" }, phrases.close);
    close.addEventListener("click", () => dialog.close());
    const room = make("div", { className: "mm-room", tabIndex: -1 });
    dialog = make("dialog", { className: "mm-page mm-beside", ariaLabel: phrases.viewer },
      make("div", { className: "mm-bar" }, whole, close), room);
    /* The browser gives the focus back to the link; the page is no longer shared with the document. */
    dialog.addEventListener("close", () => {
      document.documentElement.classList.remove("mm-sharing-page");
      room.replaceChildren();
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
  }

  async function see(address) {
    if (!dialog?.isConnected) build();
    const mine = ++turn;
    const room = dialog.querySelector(".mm-room");
    dialog.querySelector(".mm-whole").href = address;
    if (!dialog.open) {
      room.replaceChildren(make("p", {}, phrases.loading));
      document.documentElement.classList.add("mm-sharing-page");
      dialog.showModal();
      dialog.querySelector(".mm-close").focus();
    }
    let content;
    try {
      content = await fetched(address);
    } catch {
      content = make("p", {}, phrases.failed);
    }
    if (mine !== turn || !dialog.open) return;
    room.replaceChildren(content);
    room.scrollTop = 0;
    const title = room.querySelector("h2.mm-title");
    (title ?? room).focus({ preventScroll: true });
    const passage = room.querySelector("#passage");
    passage?.scrollIntoView({ block: passage.matches(".mm-paper") ? "start" : "center" });
  }

  /* The page's own content, its addresses made whole and its title one level down: this page has its own. */
  async function fetched(address) {
    const response = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const content = page.querySelector("main > .mm-viewer") ?? page.querySelector("main");
    for (const [selector, name] of [["[href]", "href"], ["[src]", "src"]]) {
      for (const element of content.querySelectorAll(selector)) {
        element.setAttribute(name, new URL(element.getAttribute(name), response.url).href);
      }
    }
    const title = content.querySelector("h1");
    title.replaceWith(make("h2", { className: "mm-title", tabIndex: -1 }, title.textContent));
    for (const old of content.querySelectorAll("h2.mm-label")) {
      old.replaceWith(make("h3", { className: old.className, id: old.id }, old.textContent));
    }
    return document.adoptNode(content);
  }

  /* Twice as large, in a frame that scrolls: by keyboard too. */
  function zoom(button) {
    const leaf = button.closest(".mm-leaf");
    const frame = leaf.querySelector(".mm-frame");
    const large = leaf.classList.toggle("mm-large");
    button.setAttribute("aria-pressed", String(large));
    if (large) {
      frame.tabIndex = 0;
      frame.setAttribute("role", "group");
      frame.setAttribute("aria-label", leaf.querySelector("img").alt);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) frame.removeAttribute(name);
    }
    leaf.querySelector("#passage")?.scrollIntoView({ block: "center", inline: "start" });
  }

  /* The rest of a long quote; the button has gone, so the focus goes to what was hidden. */
  function unfold(button) {
    const cited = button.closest(".mm-cited");
    cited.classList.add("mm-whole");
    const rest = cited.querySelector(".mm-rest");
    rest.tabIndex = -1;
    rest.focus({ preventScroll: true });
    button.hidden = true;
  }

  /* --- one place hears every click --------------------------------------------------------------- */
  document.addEventListener("click", (event) => {
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const found = event.target.closest?.(`.mm-copy, .mm-listen, .mm-print, .mm-zoom, .mm-unfold, a.mm-view, ${AWAY}`);
    if (!found || !plain) return;
    if (found.matches(".mm-copy")) copy(found);
    else if (found.matches(".mm-listen")) listen(found);
    else if (found.matches(".mm-print")) window.print();
    else if (found.matches(".mm-zoom")) zoom(found);
    else if (found.matches(".mm-unfold")) unfold(found);
    else if (found.matches("a.mm-view")) {
      if (!document.querySelector("main > .mm-viewer")) {
        event.preventDefault();
        see(found.href);
      }
    } else if (conversation()) {
      found.target = "_blank";
      found.rel = "noopener";
    }
  });

  /* Behind a proxy the server may not know its own name; the browser does. */
  for (const link of document.querySelectorAll("a.mm-address")) {
    const found = new URL(link.getAttribute("href"));
    const known = new URL(own.pathname.replace(/motamot\/[^/]*$/, ""), own);
    const local = found.pathname.slice(found.pathname.search(/preuve\//));
    link.href = new URL(local, known).href;
    link.textContent = link.href;
  }
})();
