/* Motamot in another site, with one line and whatever Content-Security-Policy that site has:

     <script src="https://…/embed.js" data-title="Questions sur les contrats" defer></script>

   puts a button at the bottom of the page, which opens the questions beside what one reads; and where the page says

     <motamot-chat data-title="Questions sur les contrats"></motamot-chat>

   the questions stand in the page itself. Options, events, calls and colours are documented on /integration. Nothing is
   loaded before it is wanted but this file; no cookie is set; in sessionStorage of the site: whether the panel is open,
   and its size. The site's policy must allow this server in script-src and frame-src, and this server must allow the
   site (setting frame_ancestors). Browsers since 2024. */
(() => {
  "use strict";

  const TEXTS = {
    title: "Posez votre question", open: "Poser une question", close: "Fermer", loading: "Ouverture…",
    size: "Changer la taille du panneau (flèches du clavier)",
    down: "Le service de questions ne répond pas pour le moment. Il s’affichera ici dès qu’il répondra.",
    refused: "Les questions ne peuvent pas s’afficher dans cette page.",
    retry: "Réessayer", apart: "Poser la question dans un nouvel onglet", contact: "Vous pouvez aussi vous adresser à\u00a0:",
  };
  const PATIENCE = 4000; /* ms without an answer before it is said */
  const AFTER_LOAD = 1000; /* ms for a page that has arrived to answer, if it is ours */
  const AGAIN = [3000, 5000, 10000, 20000, 30000]; /* ms between looks at a server that does not answer */

  /* Once for each server, however often the page names it; a module has no currentScript. */
  const registry = (window[Symbol.for("motamot")] ??= { bases: new Set(), scripts: new WeakSet(), frames: 0 });
  const isNew = (each) => !registry.scripts.has(each);
  const script = document.currentScript ?? [...document.querySelectorAll('script[src*="/embed.js"]')].find(isNew);
  if (!script) return;
  registry.scripts.add(script);
  const options = { ...script.dataset };
  const own = options.collection ? `c/${encodeURIComponent(options.collection)}/` : ".";
  const base = new URL(own, script.src);
  if (registry.bases.has(base.href)) return;
  registry.bases.add(base.href);
  const narrow = window.matchMedia("(max-width: 640px), (max-height: 480px)");

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial !important; }
    :host(motamot-chat) { display: block !important; position: relative !important; }
    * { box-sizing: border-box; }
    .widget {
      --accent: light-dark(#17506a, #8fc7df); --on-accent: light-dark(#fff, #0c1a21); --ink: light-dark(#1c252c, #e9edf0);
      --page: light-dark(#f4f5f6, #12171b); --line: light-dark(#6b7781, #84919b);
      color-scheme: light dark; color: var(--ink);
      font: 600 16px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
    }
    .open {
      position: fixed; z-index: 2147483000; bottom: calc(var(--y, 16px) + var(--rank) * 60px); inset-inline-end: var(--x, 16px);
      display: flex; align-items: center; gap: 10px; min-width: 48px; min-height: 48px; max-width: calc(100vw - 32px); padding: 10px 18px;
      color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: 24px;
      box-shadow: 0 2px 10px rgb(0 0 0 / 28%); cursor: pointer; font: inherit; text-align: start;
    }
    .open.icon { justify-content: center; padding: 0; }
    .open[hidden] { display: none; }
    .left .open { inset-inline: var(--x, 16px) auto; }
    .open:hover { text-decoration: underline; text-underline-offset: 3px; }
    .open svg { flex: none; width: 22px; height: 22px; }
    /* Two rings, so that one shows on any background. */
    :is(.open, .close, .size, .notice a, .notice button):focus-visible { outline: 3px solid #fff; outline-offset: 0; box-shadow: 0 0 0 6px #1c252c; }
    dialog {
      position: fixed; z-index: 2147483000; inset: auto var(--x, 16px) var(--y, 16px) auto; display: none; flex-direction: column; margin: 0; padding: 0;
      width: clamp(300px, var(--width, 420px), calc(100vw - 32px)); max-width: none; max-height: none;
      height: clamp(300px, var(--height, 680px), calc(100dvh - var(--y, 16px) - 16px));
      overflow: hidden; color: inherit; border: 1px solid var(--line); border-radius: 12px;
      background: var(--page); box-shadow: 0 8px 40px rgb(0 0 0 / 35%);
    }
    .left dialog { inset: auto auto var(--y, 16px) var(--x, 16px); }
    dialog[open] { display: flex; }
    dialog::backdrop { background: rgb(18 23 27 / 35%); }
    .bar { flex: none; display: flex; align-items: center; gap: 4px; padding: 4px; color: var(--on-accent); background: var(--accent); }
    .left .bar .size { order: 1; }
    h2 { flex: 1; min-width: 0; margin: 0; padding: 6px 4px; font: inherit; font-size: 17px; overflow-wrap: anywhere; }
    .close, .size {
      flex: none; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; cursor: pointer;
      color: inherit; background: none; border: 1px solid transparent; border-radius: 8px;
    }
    .size { width: 32px; cursor: nwse-resize; touch-action: none; }
    .left .size { cursor: nesw-resize; }
    .left .size svg { transform: scaleX(-1); }
    .close:hover, .size:hover { border-color: currentColor; }
    .close svg { width: 22px; height: 22px; }
    .size svg { width: 18px; height: 18px; }
    svg { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .room { position: relative; overflow: hidden; background: var(--page); }
    dialog .room { flex: 1; min-height: 0; }
    .inline { height: var(--mm-height, min(600px, 88vh)); height: var(--mm-height, min(600px, 88dvh)); border: 1px solid var(--line); border-radius: 8px; }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    .loading iframe { opacity: 0; } /* it may have the focus already */
    .lost iframe { visibility: hidden; }
    .notice { position: absolute; inset: 0; overflow: auto; padding: 20px; font-weight: 400; }
    .ready .notice { display: none; }
    .notice p { margin: 0 0 14px; }
    .notice a { color: var(--accent); }
    .notice button {
      min-height: 44px; padding: 8px 18px; font: inherit; font-weight: 600; cursor: pointer; color: var(--on-accent); background: var(--accent);
      border: 1px solid transparent; border-radius: 6px;
    }
    @media (max-width: 640px), (max-height: 480px) {
      dialog, .left dialog { inset: 0; width: 100%; height: 100%; height: 100dvh; border: 0; border-radius: 0; }
      .bar { padding-inline-start: 12px; }
      .size { display: none; }
    }
    @media (forced-colors: active) { .open, .close, .size, .notice button { border-color: ButtonText; } .bar { border-bottom: 1px solid; } }
    @media print { :host { display: none !important; } }
  `);

  /* By calls, never from a string of HTML: some policies refuse it. */
  function make(tag, attributes = {}, ...children) {
    const svg = tag === "svg" || tag === "path";
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const icon = (path) => make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, make("path", { d: path }));

  function shadow(host, ...children) {
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(...children);
  }

  /* For the site's own statistics: that something was opened or answered, never a word of it. */
  const tellSite = (host, name, detail) =>
    host.dispatchEvent(new CustomEvent(`motamot:${name}`, { bubbles: true, composed: true, detail }));

  /* --- colours: --mm-accent of the site, made readable on a light and on a dark ground ------------------- */
  const [BLACK, WHITE] = [[0, 0, 0], [255, 255, 255]];
  const GROUNDS = { light: [244, 245, 246], dark: [26, 33, 39] };
  const mix = (from, to, part) => from.map((value, i) => Math.round(value + (to[i] - value) * part));
  const hex = (colour) => `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  const linear = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  function readable(colour, towards, ...grounds) {
    let found = colour;
    for (let part = 0; part < 1 && grounds.some((ground) => contrast(found, ground) < 4.5);) {
      found = mix(colour, towards, (part += 0.05));
    }
    return found;
  }

  const told = new Set(); /* colours of which it was said that they are replaced */
  function palette(host, theme) {
    const probe = make("span");
    probe.style.color = getComputedStyle(host).getPropertyValue("--mm-accent");
    if (!probe.style.color) return {};
    host.shadowRoot.append(probe);
    const found = /^rgba?\((\d+), (\d+), (\d+)/.exec(getComputedStyle(probe).color);
    probe.remove();
    if (!found) return {};
    const colour = found.slice(1).map(Number);
    const tints = { light: mix(WHITE, colour, 0.08), dark: mix(GROUNDS.dark, colour, 0.18) };
    const light = readable(colour, BLACK, tints.light, GROUNDS.light);
    const dark = readable(colour, WHITE, tints.dark, GROUNDS.dark);
    const isDark = theme === "dark" || theme === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches;
    const shown = hex(isDark ? dark : light);
    if (shown !== hex(colour) && !told.has(shown)) {
      told.add(shown);
      console.info(`Motamot: --mm-accent ${hex(colour)} n’est pas assez contrastée, ${shown} la remplace.`);
    }
    const both = (one, other) => `light-dark(${hex(one)}, ${hex(other)})`;
    return {
      accent: both(light, dark), tint: both(tints.light, tints.dark), "on-accent": both(WHITE, [12, 26, 33]),
      "accent-strong": both(mix(light, BLACK, 0.3), mix(dark, WHITE, 0.4)),
    };
  }

  /* Theme and colours of what is drawn here; returned for the frame, which is told the same. */
  function style(host, room, theme) {
    const chosen = theme === "light" || theme === "dark" ? theme : "auto";
    const colours = palette(host, chosen);
    if (chosen !== "auto") room.style.colorScheme = chosen;
    for (const name of ["accent", "on-accent"]) if (colours[name]) room.style.setProperty(`--${name}`, colours[name]);
    return { theme: chosen, colours };
  }

  /* The script may come from the server wherever it is embedded: it tells whether the server answers. */
  const serverAnswers = () => new Promise((done) => {
    const probe = make("script", { src: new URL(`embed.js?essai=${Date.now()}`, script.src).href });
    for (const event of ["load", "error"]) {
      probe.addEventListener(event, () => {
        probe.remove();
        done(event === "load");
      });
    }
    registry.scripts.add(probe);
    document.head.append(probe);
  });

  function apology(text, again) {
    const button = make("button", { type: "button" }, TEXTS.retry);
    button.addEventListener("click", again);
    const apart = make("a", { href: new URL("panneau", base).href, target: "_blank", rel: "noopener" }, TEXTS.apart);
    const contact = options.contact && make("p", {}, `${TEXTS.contact} `, /^\S+@\S+$/.test(options.contact)
      ? make("a", { href: `mailto:${options.contact}` }, options.contact) : options.contact);
    return [make("p", {}, text), make("p", {}, button), make("p", {}, apart), ...(contact ? [contact] : [])];
  }

  /* --- a frame of ours, and what is said in its place while it does not answer --------------------------- */
  function frame(shape, title, kept, styled, hears) {
    /* Its name is its conversation's, so that each keeps its own. */
    const inner = make("iframe", {
      title, name: `motamot-${kept ?? ++registry.frames}`, allow: "clipboard-write", referrerpolicy: "no-referrer",
    });
    const notice = make("div", { class: "notice", role: "status" });
    const room = make("div", { class: "room" }, inner, notice);
    let state = "new"; /* loading, ready, lost */
    let seen = false; /* the server answered since it was last lost: a frame that is silent is then refused */
    let looks = 0;
    let timer;
    const waiting = [];

    const post = (motamot, value, to = base.origin) => inner.contentWindow.postMessage({ motamot, value }, to);
    function tell(motamot, value) {
      if (state === "ready") post(motamot, value);
      else waiting.push([motamot, value]);
    }

    function load() {
      if (state === "loading" || state === "ready") return;
      become("loading", make("p", {}, TEXTS.loading));
      timer = setTimeout(lose, PATIENCE);
      inner.src = new URL(`panneau?forme=${shape}`, base).href;
    }

    function become(next, ...said) {
      clearTimeout(timer);
      if (state === "lost" && next === "lost" && said[0].textContent === notice.firstChild.textContent) return;
      const reached = room.getRootNode().activeElement;
      state = next;
      room.classList.remove("loading", "ready", "lost");
      room.classList.add(next);
      notice.replaceChildren(...said);
      /* Whoever was here stays here. */
      if (reached && (reached === inner || reached.closest(".notice"))) (notice.querySelector("button") ?? inner).focus();
    }

    /* Loaded by us, or again because the site has moved it: then it is empty at first. What is not our page does not
       answer; a greeting says nothing that others may not hear. */
    inner.addEventListener("load", () => {
      if (!inner.src) return;
      const patience = state === "ready" ? PATIENCE : AFTER_LOAD;
      if (state === "ready") become("loading");
      clearTimeout(timer);
      timer = setTimeout(lose, patience);
      post("hello", styled(), "*");
    });

    window.addEventListener("message", ({ source, origin, data }) => {
      if (!source || source !== inner.contentWindow || origin !== base.origin) return;
      if (data?.motamot === "ready") {
        become("ready");
        [seen, looks] = [false, 0];
        for (const [motamot, value] of waiting.splice(0)) post(motamot, value);
      }
      hears[data?.motamot]?.(data.value);
    });

    /* The site's own policy refuses it: that is known at once, and no server can help. */
    document.addEventListener("securitypolicyviolation", (event) => {
      if (event.effectiveDirective === "frame-src" && event.blockedURI.startsWith(base.origin) && state === "loading") refuse();
    });

    async function lose() {
      if (state === "ready") return;
      const answers = await serverAnswers();
      if (state === "ready") return;
      if (!answers) {
        become("lost", ...apology(TEXTS.down, again));
        seen = false;
        timer = setTimeout(lose, AGAIN[Math.min(looks++, AGAIN.length - 1)]);
      } else if (seen) refuse();
      else retry((seen = true));
    }

    function refuse() {
      become("lost", ...apology(TEXTS.refused, again));
      console.warn(`Motamot: cette page n’a pas pu afficher ${base.href}. Ajoutez « ${location.origin} » au réglage `
        + `frame_ancestors de ce service, et « ${base.origin} » à frame-src si cette page a une Content-Security-Policy.`);
    }

    function retry() {
      state = "lost";
      load();
    }

    function again() {
      [seen, looks] = [false, 0];
      retry();
    }

    /* The site may have changed its colours since. */
    function restyle() {
      const chosen = styled();
      if (state === "ready") post("hello", chosen, "*");
    }

    return { inner, room, load, tell, restyle };
  }

  /* --- what this tab remembers from one page of the site to the next -------------------------------------- */
  const KEY = `motamot ${base.href}`;
  function remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
    } catch {
      return {}; /* no storage in this site */
    }
  }
  function remember(changes) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ ...remembered(), ...changes }));
    } catch {
      /* as above */
    }
  }

  /* By hand or by keyboard; the style keeps it within the window. */
  function resizable(dialog, handle, widget, outwards) {
    function resize(newWidth, newHeight) {
      const measures = { width: Math.round(newWidth), height: Math.round(newHeight) };
      for (const [name, value] of Object.entries(measures)) widget.style.setProperty(`--${name}`, `${value}px`);
      return measures;
    }

    const { width, height } = remembered();
    if (width > 0 && height > 0) resize(width, height);
    handle.addEventListener("pointerdown", (start) => {
      const from = dialog.getBoundingClientRect();
      handle.setPointerCapture(start.pointerId);
      const move = ({ clientX, clientY }) =>
        remember(resize(from.width + outwards * (clientX - start.clientX), from.height - (clientY - start.clientY)));
      handle.addEventListener("pointermove", move);
      handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", move), { once: true });
    });
    handle.addEventListener("keydown", (event) => {
      const [dx, dy] = { ArrowLeft: [-40, 0], ArrowRight: [40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key] ?? [0, 0];
      if (!dx && !dy) return;
      event.preventDefault();
      const box = dialog.getBoundingClientRect();
      remember(resize(box.width + outwards * dx, box.height + dy));
    });
  }

  /* --- the button and its panel, beside the page; over it where there is no room beside -------------------- */
  function panel() {
    const title = options.title || TEXTS.title;
    const label = options.label || TEXTS.open;
    const host = make("div", { lang: "fr", "data-motamot": "" });
    const close = make("button", { type: "button", class: "close", "aria-label": TEXTS.close }, icon("M6 6l12 12M18 6L6 18"));
    const size = make("button", { type: "button", class: "size", "aria-label": TEXTS.size }, icon("M5 12V5h7M5 5l14 14M19 12v7h-7"));
    const open = make("button", { type: "button", class: "open", "aria-haspopup": "dialog" }, icon("M4 5h16v11H10l-5 4v-4H4z"));
    if ("icon" in options) {
      open.classList.add("icon");
      open.title = label;
      open.setAttribute("aria-label", label);
    } else open.append(label);
    const place = frame("panneau", title, "panel", () => style(host, widget, options.theme), {
      close: hide,
      answer: (kind) => tellSite(host, "answer", { kind }),
    });
    const dialog = make("dialog", { "aria-labelledby": "title" },
      make("div", { class: "bar" }, size, make("h2", { id: "title" }, title), close), place.room);
    const side = options.position === "left" ? "left" : "right";
    const widget = make("aside", { "aria-label": title, class: `widget ${side}` }, open, dialog);
    const [x, y = "16"] = (options.offset || "16").split(/\s+/);
    widget.style.setProperty("--rank", String(registry.bases.size - 1));
    for (const [name, value] of [["--x", x], ["--y", y]]) {
      if (/^\d{1,3}$/.test(value)) widget.style.setProperty(name, `${value}px`);
    }

    /* Only if nothing else was reached meanwhile, such as the button that closes. */
    const enter = () => { if (place.inner.getRootNode().activeElement === place.inner) place.tell("focus"); };

    function show(taken = true) {
      place.load();
      place.restyle();
      if (!dialog.open) {
        open.hidden = true;
        if (narrow.matches || "modal" in options) dialog.showModal();
        else dialog.open = true; /* not by show(), which takes the focus from whoever is typing in the page */
        remember({ open: true });
        tellSite(host, "open");
      }
      if (!taken) return;
      place.inner.focus();
      enter();
    }

    function hide() {
      if (!dialog.open) return;
      const within = document.activeElement === host;
      dialog.close();
      hidden(within);
    }

    function hidden(within) {
      if (!open.hidden) return;
      open.hidden = false;
      if (within) open.focus({ preventScroll: true });
      remember({ open: false });
      tellSite(host, "close");
    }

    dialog.addEventListener("close", () => { if (!dialog.open) hidden(true); }); /* the browser's own Escape */
    open.addEventListener("click", () => show());
    close.addEventListener("click", hide);
    dialog.addEventListener("click", (event) => { if (event.target === dialog) hide(); }); /* beside it, where it is modal */
    dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

    resizable(dialog, size, widget, side === "left" ? 1 : -1);
    const { open: wasOpen } = remembered();
    shadow(host, widget);
    /* A single-page application may replace the body, and everything in it. */
    function attach() {
      if (host.isConnected || !document.body) return;
      const isOpen = dialog.open;
      document.body.append(host);
      place.restyle();
      watch.observe(document.body, { childList: true });
      if (isOpen) [dialog.open, open.hidden] = [false, false];
      if (isOpen && !narrow.matches) show(false);
    }
    const watch = new MutationObserver(attach);
    watch.observe(document.documentElement, { childList: true });
    attach();
    narrow.addEventListener("change", () => {
      if (!dialog.open) return;
      hide();
      show(false);
    });
    if (options.question) place.tell("begin", options.question);
    if (wasOpen && !narrow.matches) show(false);
    return {
      open: () => show(),
      close: hide,
      ask(question) {
        show();
        place.tell("ask", String(question));
      },
    };
  }

  /* --- the questions in the page itself --------------------------------------------------------------------- */
  class Chat extends HTMLElement {
    #place;

    connectedCallback() {
      if (this.shadowRoot) return;
      const widget = make("div", { class: "widget", lang: "fr" });
      const theme = this.dataset.theme ?? options.theme;
      this.#place = frame("bloc", this.dataset.title || options.title || TEXTS.title, undefined, () => style(this, widget, theme), {
        answer: (kind) => tellSite(this, "answer", { kind }),
      });
      this.#place.room.classList.add("inline");
      widget.append(this.#place.room);
      shadow(this, widget);
      if (this.dataset.question) this.#place.tell("begin", this.dataset.question);
      const near = new IntersectionObserver((all) => {
        if (!all.some((one) => one.isIntersecting)) return;
        near.disconnect();
        this.#place.load();
      }, { rootMargin: "300px" });
      near.observe(this);
    }

    open() {
      this.#place.load();
      this.scrollIntoView({ block: "nearest" });
      this.#place.inner.focus({ preventScroll: true });
      this.#place.tell("focus");
    }

    close() {}

    ask(question) {
      this.open();
      this.#place.tell("ask", String(question));
    }
  }

  /* --- how the site opens it: a call, a link #motamot?q=…, anything with data-question ----------------------- */
  function start() {
    const own = options.position === "none" ? null : panel();
    const where = () => own ?? document.querySelector("motamot-chat");
    const calls = {
      open: () => where()?.open(),
      close: () => where()?.close(),
      ask: (question) => where()?.ask(question),
    };
    if (registry.bases.size > 1) return; /* the first server named answers the calls */
    window.Motamot = calls;

    function follow() {
      const asked = /^#motamot(?:\?(.*))?$/.exec(location.hash);
      if (!asked) return;
      history.replaceState(history.state, "", location.pathname + location.search); /* loaded again, it asks no more */
      const question = new URLSearchParams(asked[1] ?? "").get("q");
      if (question) calls.ask(question);
      else calls.open();
    }
    window.addEventListener("hashchange", follow);
    follow();
    document.addEventListener("click", (event) => {
      const chosen = event.target.closest?.("[data-question]:not(script, motamot-chat)");
      if (!chosen) return;
      event.preventDefault();
      calls.ask(chosen.dataset.question);
    });
  }

  /* At once: where the script comes before it, its room is there from the first. */
  if (!customElements.get("motamot-chat")) customElements.define("motamot-chat", Chat);
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
