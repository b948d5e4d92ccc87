// A figure whose native controls choose one of its precomputed frames. Without this script the default frame stands.
customElements.get("nk-player") || customElements.define("nk-player", class extends HTMLElement {
  connectedCallback() {
    // The element may be known before its children are parsed.
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => this.start());
    else this.start();
  }

  start() {
    if (this.frames) return;
    const { lines, frames } = JSON.parse(this.querySelector("script").textContent);
    this.frames = frames.map(frame => () => frame.map(i => lines[i]).join("\n"));
    this.stage = this.querySelector(".nk-stage");
    this.fields = [...this.querySelectorAll("input, select")];
    this.querySelector(".nk-controls").hidden = false;
    this.addEventListener("input", () => this.show());
    const still = this.stage.innerHTML;
    addEventListener("beforeprint", () => { this.stage.innerHTML = still; });
    addEventListener("afterprint", () => this.show());
    this.show();  // a browser may have kept the controls' values across a reload
  }

  show() {
    // Frames are ordered like nested loops: the last control turns fastest.
    let index = 0;
    for (const field of this.fields) {
      const box = field.type === "checkbox";
      const size = box ? 2 : field.options ? field.options.length : Number(field.max) + 1;
      index = index * size + Number(box ? field.checked : field.value);
      if (field.type === "range") {
        const text = field.dataset.values.split("|")[field.value];
        field.setAttribute("aria-valuetext", text);
        const output = field.parentElement.querySelector("output");
        if (output.textContent !== text) output.textContent = text;
      }
    }
    this.stage.innerHTML = this.frames[index]();
  }
});
