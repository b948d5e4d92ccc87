// A figure whose native controls choose one of its precomputed frames. Without this script the default frame stands.
// The frames are inside the element as JSON, or in a script of their own, which its attribute `frames` names and which
// is loaded when the figure comes near or a control is touched; a script, because a page that was opened as a file
// may load nothing else.
customElements.get("nk-player") || customElements.define("nk-player", class extends HTMLElement {
  connectedCallback() {
    // The element may be known before its children are parsed.
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => this.start());
    else this.start();
  }

  start() {
    if (this.stage) return;
    this.stage = this.querySelector(".nk-stage");
    const still = this.stage.innerHTML;
    this.still = drawing(() => still);
    this.fields = [...this.querySelectorAll("input, select")];
    this.first = this.chosen();
    this.said = Object.assign(document.createElement("p"), { className: "nk-said", role: "status" });
    this.append(this.said);
    this.querySelector(".nk-controls").hidden = false;
    for (const event of ["pointerdown", "focusin"]) this.addEventListener(event, ({ target }) => this.prepare(target));
    this.addEventListener("input", ({ target }) => this.show(target));
    new IntersectionObserver((seen, watch) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      watch.disconnect();
      this.load().then(() => this.show(), () => {});
    }, { rootMargin: "50%" }).observe(this);
    addEventListener("beforeprint", () => this.draw(this.still));
    addEventListener("afterprint", () => this.show());
    // A browser may have kept the controls' values across a reload, or give them back later.
    addEventListener("pageshow", () => this.show());
    this.show();
  }

  /** The frames as functions that make their drawing; they arrive once. */
  load() {
    const inside = this.querySelector("script");
    const read = ({ lines, frames }) => frames.map(frame => drawing(() => frame.map(i => lines[i]).join("\n")));
    return this.frames ??= inside ? Promise.resolve(read(JSON.parse(inside.textContent))) : new Promise((done, fail) => {
      const source = this.getAttribute("frames");
      const script = Object.assign(document.createElement("script"), { src: source });
      script.onerror = () => { this.frames = null; fail(); };  // the next touch asks again
      script.onload = () => done(read(window.nkFrames[source.split("/").pop()]));
      document.head.append(script);
    });
  }

  /** What a control, else the last, would show one step further is made while nothing else is to be done. */
  prepare(field) {
    const moved = this.fields.includes(field) ? field : this.fields.at(-1);
    const make = frames => { for (const step of [-1, 1]) frames[this.chosen(moved, step)]?.(); };
    this.load().then(frames => idle(() => make(frames)), () => {});
  }

  /** The number of the frame that the controls choose, one of them moved on: the last control turns fastest. */
  chosen(moved = null, steps = 0) {
    let index = 0;
    for (const field of this.fields) {
      const box = field.type === "checkbox";
      const size = box ? 2 : field.options ? field.options.length : Number(field.max) + 1;
      const value = Number(box ? field.checked : field.value) + (field === moved ? steps : 0);
      if (value < 0 || value >= size) return null;
      index = index * size + value;
    }
    return index;
  }

  /** Draws what the controls choose; `touched` is the control that a reader has moved. */
  async show(touched = null) {
    for (const field of this.fields) {
      if (field.type !== "range") continue;
      const text = field.dataset.values.split("|")[field.value];
      field.setAttribute("aria-valuetext", text);
      field.parentElement.querySelector(".nk-value").textContent = text;
    }
    if (this.chosen() === this.first && !this.frames) {
      if (this.said.classList.contains("nk-lost")) this.said.textContent = "";
      return this.said.classList.remove("nk-lost");
    }
    const frames = await this.load().catch(() => null);
    this.said.classList.toggle("nk-lost", !frames);
    if (!frames) return this.said.textContent = "The drawings did not arrive; move the control to ask for them again.";
    this.draw(frames[this.chosen()], touched);
    this.prepare(touched);
  }

  /** Puts a drawing on the stage, and says the words in it that are new, but no bare number of an axis. */
  draw(make, touched = null) {
    if (make === this.drawn) return;
    if (touched) this.heard ??= this.drawn ?? this.still;
    become(this.stage, make());
    this.drawn = make;
    if (!touched) return;
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      const known = new Set(words(this.heard()));
      this.said.textContent = words(make()).filter(text => /\p{L}/u.test(text) && !known.has(text)).join(". ");
      this.heard = null;
    }, 400);
  }
});

/** The texts of a drawing. */
function words(drawing) {
  return [...drawing.querySelectorAll("text")].map(text => text.textContent.trim());
}

/** A function that makes the nodes of a drawing, once. */
function drawing(text) {
  let made;
  return () => made ??= Object.assign(document.createElement("template"), { innerHTML: text() }).content;
}

/** Runs what can wait, but not for long; not every browser knows when it is idle. */
function idle(work) {
  if (window.requestIdleCallback) requestIdleCallback(work, { timeout: 200 });
  else setTimeout(work);
}

/** Gives a node the children of another; what is there is changed as little as it can be, for each change is painted. */
function become(node, other) {
  const old = [...node.childNodes], fresh = [...other.childNodes];
  const same = i => old.at(i)?.isEqualNode(fresh.at(i) ?? null);
  let next = null;
  while (same(0)) old.shift(), fresh.shift();
  while (same(-1)) next = old.pop(), fresh.pop();
  if (old.length === fresh.length) return old.forEach((child, i) => turn(child, fresh[i]));
  old.forEach(child => child.remove());
  fresh.forEach(child => node.insertBefore(child.cloneNode(true), next));
}

/** Makes a node like another, its children too. */
function turn(node, like) {
  if (node.nodeName !== like.nodeName) return node.replaceWith(like.cloneNode(true));
  if (node.data !== like.data) node.data = like.data;
  for (const { name } of [...node.attributes ?? []]) if (!like.hasAttribute(name)) node.removeAttribute(name);
  for (const attribute of like.attributes ?? []) {
    if (node.getAttribute(attribute.name) !== attribute.value) node.setAttributeNode(attribute.cloneNode());
  }
  become(node, like);
}
