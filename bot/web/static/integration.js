/* The integration page: its copy buttons, and the address of this server as the browser reached it. */
(() => {
  "use strict";

  const page = document.querySelector("[data-address]");

  /* Behind a proxy that does not pass the name or the scheme on, the server knows itself by another address. */
  const known = page.dataset.address;
  const real = new URL(".", location.href).href;
  for (const code of page.querySelectorAll("code")) {
    code.textContent = code.textContent.replaceAll(known, real).replaceAll(new URL(known).origin, new URL(real).origin);
  }

  async function copy(code) {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return true;
    } catch {
      /* Over HTTP there is no clipboard for scripts, but the selection can still be copied. */
      getSelection().selectAllChildren(code);
      return document.execCommand("copy");
    }
  }

  /* What the site would hear, and the colour that it would give. */
  const events = document.getElementById("mm-events");
  for (const name of ["motamot:open", "motamot:answer", "motamot:close"]) {
    document.addEventListener(name, ({ detail }) => {
      events.textContent = `${name}${detail ? ` (${detail.kind})` : ""}`;
    });
  }
  document.getElementById("mm-colour").addEventListener("input", ({ target }) => {
    document.documentElement.style.setProperty("--mm-accent", target.value);
    window.Motamot.open();
  });

  page.addEventListener("click", async (event) => {
    const button = event.target.closest(".mm-copy-code");
    if (!button) return;
    const card = button.closest(".mm-snippet");
    const done = await copy(card.querySelector("code"));
    const status = card.querySelector("[role=status]");
    status.textContent = done ? page.dataset.copied : page.dataset.notCopied;
    setTimeout(() => { status.textContent = ""; }, 4000);
  });
})();
