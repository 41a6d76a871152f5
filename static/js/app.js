/* A convenience: each page works without it. No inline handlers, no eval, no storage. */
(() => {
  "use strict";
  const $ = (s, at = document) => at.querySelector(s);
  const all = (s, at = document) => [...at.querySelectorAll(s)];
  const on = (kind, act, at = document) => at.addEventListener(kind, act);
  const say = (text) => ($("#live").textContent = text);

  /* What needs JavaScript is hidden until now */
  const reveal = (at) => all("[data-copy], [data-dismiss]", at).forEach((b) => (b.hidden = false));

  /* On a phone the filters are a drawer */
  const fold = () =>
    matchMedia("(max-width: 40rem)").matches && all(".filters-more").forEach((d) => (d.open = false));

  /* Toasts: eight seconds, an error until it is dismissed */
  const expire = (t) => t.dataset.tone === "bad" || setTimeout(() => t.remove(), 8000);
  const toast = (text, tone) => {
    const node = $(tone === "bad" ? "#toast-bad" : "#toast-good").content.firstElementChild.cloneNode(true);
    $("p", node).textContent = text;
    reveal(node);
    $("#toasts").append(node);
    expire(node);
  };

  const palette = $("#palette");
  const open = (text = "") => {
    if (!palette || palette.open) return;
    palette.showModal();
    const field = $("input", palette);
    field.value = text;
    document.body.dispatchEvent(new CustomEvent("palette"));
  };

  /* Rows of a list, and how many are selected */
  let row = -1;
  const rows = () => all("[data-rows] tbody tr, [data-rows] .rows > li");
  const move = (step) => {
    const list = rows();
    row = Math.max(0, Math.min(list.length - 1, row + step));
    if (!list[row]) return;
    list[row].tabIndex = -1;
    list[row].focus();
  };
  const count = (list) => {
    const boxes = all(".pick-row", list);
    const n = boxes.filter((b) => b.checked).length;
    const head = $(".pick-all", list);
    $("[data-selected]", list).textContent = `${n} / ${boxes.length}`;
    head.checked = n === boxes.length;
    head.indeterminate = n > 0 && !head.checked;
  };

  /* g, then the first letter of a page of the navigation */
  let g = 0;
  const go = (letter) =>
    all(".side li a").find((a) => a.textContent.trim().toLowerCase().startsWith(letter))?.click();

  const inPalette = (e) => {
    const hits = all("a", palette);
    const at = hits.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) (hits[at + step] || $("input", palette)).focus();
    else if (e.key === "Enter" && at < 0 && hits[0]) hits[0].click();
    else return;
    e.preventDefault();
  };

  on("keydown", (e) => {
    const find = (e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k";
    if (!find && palette?.open) return inPalette(e);
    const quiet = e.target.closest("input, textarea, select") || document.documentElement.dataset.keys === "off";
    if (!find && (quiet || e.ctrlKey || e.metaKey || e.altKey)) return;
    if (find || e.key === "/") {
      e.preventDefault();
      return open();
    }
    if (Date.now() - g < 1200) {
      g = 0;
      return go(e.key);
    }
    const now = rows().find((r) => r === document.activeElement);
    if (e.key === "g") g = Date.now();
    else if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "x" && now) $(".pick-row", now)?.click();
    else if (e.key === "Enter" && now) $("a", now)?.click();
    else if (e.key === "e") $("[data-edit]")?.click();
    else if (e.key === "?") $('.bar a[href$="/help/"]')?.click();
  });

  on("click", (e) => {
    const copy = e.target.closest("[data-copy]");
    if (copy) {
      const text = document.getElementById(copy.dataset.copy).textContent;
      navigator.clipboard.writeText(text).then(() => say(copy.textContent + " ✓"));
    }
    e.target.closest("[data-dismiss]")?.closest(".toast").remove();
    if (e.target === palette) palette.close();
    all("details.drop[open]").forEach((d) => d.contains(e.target) || (d.open = false));
  });
  on("keyup", (e) => {
    if (e.key !== "Escape") return;
    all("details.drop[open]").forEach((d) => {
      d.open = false;
      $("summary", d).focus();
    });
  });

  on("change", (e) => {
    const list = e.target.closest("[data-rows]");
    if (e.target.matches(".pick-all")) all(".pick-row", list).forEach((b) => (b.checked = e.target.checked));
    if (e.target.matches(".pick-all, .pick-row")) count(list);
    if (e.target.matches("[data-submit]")) e.target.form.requestSubmit();
  });

  for (const kind of ["pointerup", "input"]) {
    const field = $("[data-find]");
    if (field) on(kind, () => open(field.value), field);
  }

  /* Leaving with changes asks first */
  let changed = false;
  on("input", (e) => e.target.closest("[data-guard]") && (changed = true));
  on("submit", () => (changed = false));
  on("beforeunload", (e) => changed && e.preventDefault(), window);

  /* An address carries no empty filters */
  on("htmx:configRequest", ({ detail: { verb, parameters } }) => {
    if (verb === "get") for (const [k, v] of Object.entries(parameters)) if (v === "") delete parameters[k];
  });
  /* After a swap: focus goes to the first error, the result is announced */
  on("htmx:afterSettle", ({ detail: { elt } }) => {
    reveal(document);
    $("[data-focus]", elt)?.focus();
    if (!elt.matches("[data-rows]")) return;
    row = -1;
    fold();
    say($(".register-foot span", elt)?.textContent || "");
  });
  on("htmx:responseError", ({ detail: { xhr } }) => {
    if (!xhr.getResponseHeader("HX-Trigger")) toast(`${xhr.status} ${xhr.statusText}`, "bad");
  });
  on("htmx:sendError", () => toast("Offline", "bad"));
  on("toast", (e) => toast(e.detail.text, e.detail.tone));

  fold();
  reveal(document);
  all("#toasts > .toast").forEach(expire);
  $("[data-focus]")?.focus();
})();
