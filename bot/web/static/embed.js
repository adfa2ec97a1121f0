/* Motamot in another site, with one line and whatever Content-Security-Policy that site has:

     <script src="https://…/embed.js" data-title="Questions sur les contrats" defer></script>

   puts a button at the bottom of the page, which opens the questions in a panel; and where the page says

     <motamot-chat data-title="Questions sur les contrats"></motamot-chat>

   the questions stand in the page itself, as high as they need to be. Options of the script:

     data-title      name of the panel, for the eye and for screen readers      (Posez votre question)
     data-label      what the button says                                       (Poser une question)
     data-position   right, left, or none for no button                         (right)
     data-collection which of the collections of the service answers            (none)

   Colours follow the variables --mm-accent and --mm-on-accent of the page, if it sets them. Nothing is loaded before
   the panel is opened but this file; no cookie is set. The host page's policy must allow this site in script-src and
   frame-src, and this site must allow the host page (setting frame_ancestors). Browsers since 2023. */
(() => {
  "use strict";

  const script = document.currentScript ?? document.querySelector('script[src$="/embed.js"]');
  const collection = script.dataset.collection;
  const base = new URL(collection ? `c/${encodeURIComponent(collection)}/` : ".", script.src);
  const options = { ...script.dataset };
  const NAME = "Posez votre question";

  /* Once for each server, however often the page names it. */
  const registry = (window[Symbol.for("motamot")] ??= { bases: new Set(), frames: 0 });
  if (registry.bases.has(base.href)) return;
  registry.bases.add(base.href);

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial !important; }
    :host(motamot-chat) { display: block !important; position: relative !important; }
    * { box-sizing: border-box; }
    .open, .bar {
      --accent: var(--mm-accent, #17506a); --on-accent: var(--mm-on-accent, #fff);
      font: 600 16px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
    }
    .open {
      position: fixed; z-index: 2147483000; bottom: calc(16px + var(--rank) * 60px); inset-inline-end: 16px;
      display: flex; align-items: center; gap: 10px; min-height: 48px; max-width: calc(100vw - 32px); padding: 10px 18px;
      color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: 24px;
      box-shadow: 0 2px 10px rgb(0 0 0 / 28%); cursor: pointer; text-align: start;
    }
    .left .open { inset-inline: 16px auto; }
    .open:hover { text-decoration: underline; text-underline-offset: 3px; }
    .open svg { flex: none; width: 22px; height: 22px; }
    /* Two rings, so that one shows on any background. */
    .open:focus-visible, .close:focus-visible { outline: 3px solid #fff; outline-offset: 0; box-shadow: 0 0 0 6px #1c252c; }
    dialog {
      position: fixed; inset: auto 16px 16px auto; display: none; flex-direction: column; margin: 0; padding: 0;
      width: min(440px, calc(100vw - 32px)); height: min(720px, calc(100vh - 32px)); height: min(720px, calc(100dvh - 32px));
      max-width: none; max-height: none; overflow: hidden; border: 1px solid #6b7781; border-radius: 12px;
      background: #f4f5f6; box-shadow: 0 8px 40px rgb(0 0 0 / 35%);
    }
    .left dialog { inset: auto auto 16px 16px; }
    dialog[open] { display: flex; }
    dialog::backdrop { background: rgb(18 23 27 / 35%); }
    .bar {
      flex: none; display: flex; align-items: center; justify-content: space-between; gap: 8px; padding: 4px 4px 4px 16px;
      color: var(--on-accent); background: var(--accent);
    }
    h2 { margin: 0; padding: 6px 0; font: inherit; font-size: 17px; overflow-wrap: anywhere; }
    .close {
      flex: none; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; cursor: pointer;
      color: inherit; background: none; border: 1px solid transparent; border-radius: 8px;
    }
    .close:hover { border-color: currentColor; }
    .close svg { width: 22px; height: 22px; }
    svg { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    iframe { display: block; width: 100%; border: 0; }
    dialog iframe { flex: 1; min-height: 0; }
    .inline { height: 420px; border-radius: 8px; }
    .here { position: absolute; left: 0; width: 1px; height: 1px; scroll-margin-top: 12px; }
    @media (prefers-color-scheme: dark) { dialog { background: #12171b; } }
    @media (max-width: 640px), (max-height: 480px) {
      dialog, .left dialog { inset: 0; width: 100%; height: 100%; height: 100dvh; border: 0; border-radius: 0; }
    }
    @media (forced-colors: active) { .open, .close { border-color: ButtonText; } .bar { border-bottom: 1px solid; } }
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

  function shadow(host) {
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    return root;
  }

  /* A frame of ours; its name is its conversation's, so that each keeps its own. */
  function frame(shape, title, kept) {
    return make("iframe", {
      title, name: `motamot-${kept ?? ++registry.frames}`, allow: "clipboard-write", referrerpolicy: "no-referrer",
      "data-src": new URL(`panneau?forme=${shape}`, base).href,
    });
  }

  function load(inner, loaded = () => {}) {
    if (inner.src) return;
    inner.addEventListener("load", () => {
      inner.dataset.ready = "";
      tell(inner, "hello");
      loaded();
    });
    inner.src = inner.dataset.src;
  }

  function tell(inner, motamot) {
    if ("ready" in inner.dataset) inner.contentWindow.postMessage({ motamot }, base.origin);
  }

  /* Only what our own page says from our own frame; it knows the height of that page, and nothing of what is said. */
  function listen(inner, heard) {
    window.addEventListener("message", ({ source, origin, data }) => {
      if (source && source === inner.contentWindow && origin === base.origin) heard[data?.motamot]?.(data.value);
    });
  }

  function panel() {
    const title = options.title || NAME;
    const host = make("div", { lang: "fr", "data-motamot": "" });
    const inner = frame("panneau", title, "panel");
    const close = make("button", { type: "button", class: "close", "aria-label": "Fermer" }, icon("M6 6l12 12M18 6L6 18"));
    const open = make("button", { type: "button", class: "open", "aria-haspopup": "dialog" },
      icon("M4 5h16v11H10l-5 4v-4H4z"), options.label || "Poser une question");
    const dialog = make("dialog", { "aria-labelledby": "title", "aria-modal": "true" },
      make("div", { class: "bar" }, make("h2", { id: "title" }, title), close), inner);
    const room = make("aside", { "aria-label": title, class: options.position === "left" ? "left" : "right" }, open, dialog);
    room.style.setProperty("--rank", String(registry.bases.size - 1));
    /* Only if nothing else was reached meanwhile, such as the button that closes. */
    const enter = () => { if (dialog.open && inner.getRootNode().activeElement === inner) tell(inner, "focus"); };
    open.addEventListener("click", () => {
      load(inner, enter);
      dialog.showModal(); /* the rest of the page is out of reach; closing gives the focus back to the button */
      inner.focus();
      enter();
    });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    listen(inner, { close: () => dialog.close() });
    shadow(host).append(room);
    document.body.append(host);
  }

  class Chat extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const inner = frame("bloc", this.dataset.title || options.title || NAME);
      const here = make("span", { class: "here" }); /* where to look: the page scrolls to it by its own rules */
      inner.className = "inline";
      inner.loading = "lazy";
      listen(inner, {
        height: (value) => { if (value >= 100 && value < 100000) inner.style.height = `${value}px`; },
        show: (value) => {
          if (!(value >= 0 && value < 100000)) return;
          here.style.top = `${value}px`;
          const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
          here.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
        },
      });
      shadow(this).append(inner, here);
      load(inner);
    }
  }

  function start() {
    if (options.position !== "none") panel();
    if (!customElements.get("motamot-chat")) customElements.define("motamot-chat", Chat);
  }

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
