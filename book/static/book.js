// What the pages' own controls do. Without this script they are not shown, and the text is complete.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function keep(name, value) {
  try { localStorage[name] = value; } catch { /* then it is kept until the page is left */ }
}

// Colours and code, as the first script of the page has found them.
const applied = {
  theme(value) { root.dataset.mode = value || "auto"; root.dataset.theme = value || (system.matches ? "dark" : "light"); },
  code(value) {
    root.dataset.code = value;
    for (const fold of document.querySelectorAll("details.hide")) fold.open = value === "all";
  },
};
const now = { theme: root.dataset.mode === "auto" ? "" : root.dataset.mode, code: root.dataset.code };
for (const list of document.querySelectorAll(".bar select")) {
  list.value = now[list.name];
  list.parentElement.hidden = false;
  list.addEventListener("input", () => { applied[list.name](list.value); keep(list.name, list.value); });
}
if (now.code === "all") applied.code("all");
system.addEventListener("change", () => { if (root.dataset.mode === "auto") applied.theme(""); });

// Paper is white.
addEventListener("beforeprint", () => { root.dataset.theme = "light"; });
addEventListener("afterprint", () => applied.theme(root.dataset.mode === "auto" ? "" : root.dataset.mode));

// A panel closes when the reader has chosen a place in it.
for (const panel of document.querySelectorAll("nav.panel")) {
  panel.addEventListener("click", event => {
    if (event.target.closest("a") && panel.matches(":popover-open")) panel.hidePopover();
  });
}

addEventListener("keydown", event => {
  if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    document.querySelector(".bar [aria-keyshortcuts]").click();
  }
});

// Each cell's code can be copied.
for (const box of navigator.clipboard ? document.querySelectorAll(".cell_input .highlight") : []) {
  const button = Object.assign(document.createElement("button"), { className: "copy", textContent: "Copy" });
  const pre = box.querySelector("pre");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(pre.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  box.append(button);
}

// The contents of the page show where the reader is.
const entries = new Map([...document.querySelectorAll("#on-this-page a")].map(link => [link.hash.slice(1), link]));
const near = new IntersectionObserver(seen => {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) continue;
    entries.forEach(link => link.removeAttribute("aria-current"));
    entries.get(decodeURI(target.id))?.setAttribute("aria-current", "true");
  }
}, { rootMargin: "0px 0px -70% 0px" });
for (const part of document.querySelectorAll("article section section")) near.observe(part);

// Boxes that have nothing to scroll leave the tab order, those that go on to the right show it. Without this script
// all stay in it.
const kinds = ":is(pre, .math-scroll, .pst-scrollable-table-container)";
const fade = box => box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
const watcher = new ResizeObserver(changes => {
  for (const { target } of changes) {
    const wide = target.scrollWidth > target.clientWidth;
    const high = target.scrollHeight > target.clientHeight;
    target.tabIndex = wide || high ? 0 : -1;
    fade(target);
  }
});
for (const box of document.querySelectorAll(`main [tabindex='0']${kinds}`)) {
  watcher.observe(box);
  box.addEventListener("scroll", () => fade(box), { passive: true });
}

// Words that the page of search has found are marked where they stand.
const sought = new URLSearchParams(location.search).get("found")?.split(" ").filter(Boolean);
if (sought && window.Highlight) {
  const loose = word => word.replace(/[^\p{L}\p{N}]/gu, "").replace(/iz(?=\p{L})/gu, "i[sz]").replace(/or$/, "ou?r");
  const pattern = new RegExp(sought.map(loose).filter(Boolean).sort((a, b) => b.length - a.length).join("|"), "giu");
  const texts = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  const found = new Highlight();
  while (texts.nextNode()) {
    if (texts.currentNode.parentElement.closest("script, style, .katex-mathml")) continue;
    for (const { index, 0: word } of texts.currentNode.data.matchAll(pattern)) {
      const range = new Range();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + word.length);
      found.add(range);
    }
  }
  CSS.highlights.set("found", found);
}
