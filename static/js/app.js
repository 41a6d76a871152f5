/* Everything here is a convenience: each page works without it. No inline handlers, no eval, no storage. */
(() => {
  "use strict";
  const $ = (s, at = document) => at.querySelector(s);
  const all = (s, at = document) => [...at.querySelectorAll(s)];
  const typing = (e) => e.target.closest("input, textarea, select, [contenteditable]");

  /* What needs JavaScript is hidden until now */
  const reveal = (at) => all("[data-copy][hidden], [data-dismiss][hidden]", at).forEach((b) => (b.hidden = false));

  /* Toasts: eight seconds, an error until it is dismissed */
  const expire = (t) => t.dataset.tone !== "bad" && setTimeout(() => t.remove(), 8000);
  const toast = (text, tone = "good") => {
    const from = $("#toast-" + tone) || $("#toast-good");
    const node = from.content.firstElementChild.cloneNode(true);
    $("p", node).textContent = text;
    reveal(node);
    $("#toasts").append(node);
    expire(node);
  };
  const say = (text) => ($("#live").textContent = text);

  /* Palette */
  const palette = $("#palette");
  const open = (text = "") => {
    if (!palette || palette.open) return;
    palette.showModal();
    const field = $("input", palette);
    field.value = text;
    text || field.select();
    document.body.dispatchEvent(new CustomEvent("palette"));
  };

  /* Rows of a list */
  let row = -1;
  const rows = () => all("[data-rows] tbody tr, [data-rows] .rows > li");
  const move = (step) => {
    const list = rows();
    if (!list.length) return;
    row = Math.max(0, Math.min(list.length - 1, row + step));
    list[row].tabIndex = -1;
    list[row].focus();
  };
  const selected = (box) => {
    const list = box.closest("[data-rows]");
    const boxes = all(".pick-row", list);
    const n = boxes.filter((b) => b.checked).length;
    const note = $("[data-selected]", list);
    if (note) note.textContent = `${n} / ${boxes.length}`;
    const head = $(".pick-all", list);
    if (head) {
      head.checked = n === boxes.length;
      head.indeterminate = n > 0 && n < boxes.length;
    }
  };

  /* g then a letter goes to a page of the navigation: the first letter of its name, in order */
  let g = 0;
  const go = (letter) => {
    const at = all(".side nav a");
    const found = at.find((a) => a.textContent.trim().toLowerCase().startsWith(letter));
    if (found) found.click();
  };

  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") {
      e.preventDefault();
      return open();
    }
    if (palette && palette.open) {
      const hits = all("a", $("#found"));
      const at = hits.indexOf(document.activeElement);
      if (e.key === "ArrowDown" || e.key === "ArrowUp") {
        e.preventDefault();
        const next = hits[at + (e.key === "ArrowDown" ? 1 : -1)];
        (next || $("input", palette)).focus();
      } else if (e.key === "Enter" && at < 0 && hits[0]) {
        e.preventDefault();
        hits[0].click();
      }
      return;
    }
    if (typing(e) || e.ctrlKey || e.metaKey || e.altKey || document.documentElement.dataset.keys === "off") return;
    if (Date.now() - g < 1200) {
      g = 0;
      return go(e.key.toLowerCase());
    }
    const now = document.activeElement;
    const mine = rows().includes(now);
    if (e.key === "/") {
      e.preventDefault();
      open();
    } else if (e.key === "g") g = Date.now();
    else if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "x" && mine) $(".pick-row", now)?.click();
    else if (e.key === "Enter" && mine) $("a", now)?.click();
    else if (e.key === "e") $("[data-edit]")?.click();
    else if (e.key === "?") $('a[href$="/help/"]')?.click();
  });

  document.addEventListener("click", (e) => {
    const copy = e.target.closest("[data-copy]");
    if (copy) {
      const text = document.getElementById(copy.dataset.copy).textContent;
      navigator.clipboard.writeText(text).then(() => say(copy.textContent + " ✓"));
    }
    e.target.closest("[data-dismiss]")?.closest(".toast").remove();
    if (e.target === palette) palette.close();
    all("details.drop[open]").forEach((d) => d.contains(e.target) || (d.open = false));
  });
  document.addEventListener("keyup", (e) => {
    if (e.key === "Escape") all("details.drop[open]").forEach((d) => ((d.open = false), $("summary", d).focus()));
  });

  document.addEventListener("change", (e) => {
    if (e.target.matches(".pick-all")) {
      all(".pick-row", e.target.closest("[data-rows]")).forEach((b) => (b.checked = e.target.checked));
    }
    if (e.target.matches(".pick-all, .pick-row")) selected(e.target);
    if (e.target.matches("[data-go]")) location.assign(e.target.value);
  });

  /* The find field opens the palette, so that one place searches */
  for (const kind of ["pointerup", "input"])
    $("[data-find]")?.addEventListener(kind, (e) => open(e.target.value));

  /* Leaving with changes asks first */
  let changed = false;
  document.addEventListener("input", (e) => e.target.closest("[data-guard]") && (changed = true));
  document.addEventListener("submit", () => (changed = false));
  document.addEventListener("htmx:beforeRequest", (e) => e.target.matches("[data-guard]") && (changed = false));
  addEventListener("beforeunload", (e) => changed && e.preventDefault());

  /* An address carries no empty filters */
  document.addEventListener("htmx:configRequest", (e) => {
    if (e.detail.verb !== "get") return;
    for (const [k, v] of Object.entries(e.detail.parameters)) if (v === "") delete e.detail.parameters[k];
  });

  /* After a swap: focus goes to the first error, the result is announced */
  document.addEventListener("htmx:afterSettle", (e) => {
    const box = e.detail.elt;
    reveal(document);
    const error = $("[data-focus]", box);
    if (error) error.focus();
    if (box.matches("[data-rows]")) {
      row = -1;
      say($(".register-foot span", box)?.textContent || "");
    }
  });
  document.addEventListener("htmx:responseError", (e) => {
    if (!e.detail.xhr.getResponseHeader("HX-Trigger")) toast(e.detail.xhr.statusText || "Error", "bad");
  });
  document.addEventListener("htmx:sendError", () => toast(document.body.dataset.offline || "Offline", "bad"));
  document.addEventListener("toast", (e) => toast(e.detail.text, e.detail.tone));

  reveal(document);
  all("#toasts > .toast").forEach(expire);
  $("[data-focus]")?.focus();
})();
