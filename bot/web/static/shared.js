/* What the scripts of the chat, of the light page and of a quote share: the first of the files that a page loads as one. */
const Page = {
  make(tag, given = {}, ...inside) {
    const made = Object.assign(document.createElement(tag), given);
    made.append(...inside);
    return made;
  },

  /* In this tab only, so that the next person at a shared computer finds nothing. */
  kept(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key)) ?? {};
    } catch {
      return {}; /* no storage in this browser or this frame */
    }
  },

  keep(key, value) {
    try {
      if (value) sessionStorage.setItem(key, JSON.stringify(value));
      else sessionStorage.removeItem(key);
    } catch {
      /* No storage, or no room left: the conversation stays on screen all the same. */
    }
  },

  say(status, phrase, quiet) {
    status.classList.toggle("mm-quiet", quiet);
    if (status.textContent !== phrase) status.textContent = phrase;
  },

  /* What a button of a suggestion asks. */
  asks: (button) => (button.querySelector(".mm-spoken") ?? button).textContent.trim(),

  isTooLong: (question, phrases) => [...question].length > Number(phrases.maxQuestion),

  /* The question at the top of the window, or the end of a long one, so that its answer starts in view. Of this window
     alone: scrollIntoView would scroll the page around it as well. */
  reveal(question, above = 0) {
    const { top, bottom } = question.getBoundingClientRect();
    const by = Math.max(top - 12, bottom - window.innerHeight / 4) - above;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    window.scrollBy({ top: by, behavior: calm ? "auto" : "smooth" });
  },
};
