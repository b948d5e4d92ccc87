// Lets the reader change a derivation and see whether it still holds. Python runs in a
// worker, which is started at the first press; see book/tools/live/worker.mjs.
(() => {
const script = document.currentScript;
const LIMIT = 20;  // seconds that a cell may take
const folder = new URL(script.dataset.live, script.src).href;
const total = Number(script.dataset.bytes);
const inputs = [...document.querySelectorAll("div.cell > .cell_input, div.cell > details .cell_input")];
const cells = inputs.map(input => {
  const box = input.closest("div.cell");
  const source = input.querySelector("pre").textContent.replace(/\n$/, "");
  return { box, input, source, text: source, live: box.classList.contains("tag_live") };
});

const make = (name, properties = {}, ...children) => {
  const { className, ...rest } = properties;
  const element = Object.assign(document.createElement(name), rest);
  if (className) element.className = className;
  element.append(...children);
  return element;
};

// Why nothing can run here, or nothing.
function obstacle() {
  if (location.protocol === "file:") {
    return "A page opened as a file cannot run Python: open it from a server, such as make serve.";
  }
  if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
    return "This browser cannot run Python in a page: it lacks WebAssembly or is too old.";
  }
  return "";
}

// One interpreter a page, and the cells that wait for it.
const python = {
  worker: null, queue: [], current: null, sent: "", timer: 0,

  run(cell) {
    if (this.queue.includes(cell) || this.current === cell && this.sent === cell.text) return;
    this.queue.push(cell);
    if (this.current !== cell) cell.say("Waiting for another cell.");
    this.next();
  },

  next() {
    if (this.current || !this.queue.length) return;
    const cell = this.current = this.queue.shift();
    const earlier = cells.slice(0, cells.indexOf(cell)).map(({ text, source, live }) =>
      ({ source: text, live, changed: text !== source }));
    cell.say(this.worker ? "Checking." : "Loading Python.");
    this.sent = cell.text;
    this.worker ??= this.start();
    this.worker.postMessage(JSON.stringify({ source: cell.text, earlier }));
  },

  start() {
    const worker = new Worker(folder + "worker.mjs", { type: "module" });
    worker.onmessage = ({ data }) => this.hear(data);
    worker.onerror = () => this.hear({ failed: "Python could not be started in this browser." });
    return worker;
  },

  hear({ received, stage, begun, shown, failed }) {
    const cell = this.current;
    if (!cell) return;
    if (received) cell.say(`Loading Python: ${megabytes(received)} of ${megabytes(total)} MB.`);
    if (stage) cell.say(`${stage}.`);
    if (begun) {
      cell.say("Checking.");
      this.timer = setTimeout(() => this.stop(cell, `Stopped: it took more than ${LIMIT} seconds.`), LIMIT * 1000);
    }
    if (failed) this.stop(cell, failed);
    if (shown) {
      this.done();
      if (!this.queue.includes(cell)) cell.show(shown);
      this.next();
    }
  },

  done() {
    clearTimeout(this.timer);
    this.current = null;
  },

  // Ends a cell, and with it the interpreter; the cells that wait get a new one.
  stop(cell, why) {
    this.queue = this.queue.filter(other => other !== cell);
    if (this.current === cell) {
      this.done();
      this.worker.terminate();
      this.worker = null;
    }
    cell.finish(why);
    this.next();
  },
};

const megabytes = bytes => (bytes / 1e6).toFixed(1);

// KaTeX, loaded once; nothing that a reader writes becomes HTML.
let katex;
function loadKatex() {
  return katex ??= new Promise((resolve, reject) => {
    const element = make("script", { src: folder + "katex.min.js" });
    element.onload = resolve;
    element.onerror = () => reject(new Error("The formulas could not be typeset."));
    document.head.append(element);
  });
}

function formula(tex, displayMode = false) {
  const span = make("span", { className: "math notranslate" });
  window.katex.render(tex, span, { displayMode, throwOnError: false, strict: "ignore", trust: false });
  return span;
}

// The little Markdown that reasons and sentences use: mathematics, emphasis, code.
function words(text) {
  const parts = text.split(/(\$[^$]+\$|\*[^*\s][^*]*\*|`[^`]+`)/);
  return parts.filter(Boolean).map(part => {
    const inner = part.slice(1, -1);
    if (part.length > 2 && part[0] === "$" && part.endsWith("$")) return formula(inner);
    if (part.length > 2 && part[0] === "*" && part.endsWith("*")) return make("em", {}, inner);
    if (part.length > 2 && part[0] === "`" && part.endsWith("`")) return make("code", {}, inner);
    return part.replace(/\\([\\*_|$`])/g, "$1");
  });
}

const MARKS = {
  proved: "✓", checked: "✓", corrected: "△", refuted: "✗", "not reproduced": "○", failed: "!",
};

const outputs = {
  text: text => make("pre", { tabIndex: 0 }, text),
  error: text => make("pre", { className: "live-wrong", tabIndex: 0 }, text),
  latex: tex => make("div", { className: "math-scroll", tabIndex: 0 }, formula(tex, true)),

  table(lines, { derivation }) {
    const row = (line, name) => make("tr", {}, ...line.map(text => make(name, {}, ...words(text))));
    const head = derivation ? [] : [make("thead", {}, row(lines[0], "th"))];
    const body = make("tbody", {}, ...lines.slice(derivation ? 0 : 1).map(line => row(line, "td")));
    const table = make("table", { className: derivation ? "table derivation" : "table" }, ...head, body);
    return make("div", { className: "pst-scrollable-table-container", tabIndex: 0 }, table);
  },

  claim({ verdict, sentence, original, figure, control }) {
    const kind = `nk-claim nk-${verdict.replace(" ", "-")}`;
    const told = original ? ["The original: ", make("em", {}, ...words(original)), " Here: "] : [];
    const facts = control ? `${figure}. Control, ${control}` : figure;
    return make("p", { className: "nk-claim-line" },
      make("span", { className: kind }, `${MARKS[verdict] ?? ""} ${verdict}`), " ",
      ...told, ...words(sentence), " ", make("span", { className: "nk-figure" }, facts));
  },
};

let number = 0;

// The editor of a live cell, made when it is first opened.
function equip(cell) {
  const printed = [...cell.box.querySelectorAll(".cell_output")];
  const page = [...cell.input.children];
  const open = make("button", { type: "button", className: "live-open" }, "Try it");
  open.setAttribute("aria-label", `Try it: change this code and run it in the page, cell ${++number}`);
  cell.input.after(make("div", { className: "live-bar" }, open));
  let area, bar, status, result, entered = false, pause = 0;

  cell.say = text => { status.textContent = text; stop.disabled = false; };
  cell.finish = text => { status.textContent = text; stop.disabled = true; };
  cell.show = async shown => {
    const wrong = shown.find(item => item.error)?.error;
    if (cell.early && wrong?.startsWith("SyntaxError")) return cell.finish("Not complete yet.");
    try {
      await loadKatex();
      const made = shown.map(item => outputs[Object.keys(item)[0]](Object.values(item)[0], item));
      result.replaceChildren(...made);
    } catch (error) {
      result.replaceChildren(outputs.error(String(error.message)));
    }
    printed.forEach(element => { element.hidden = true; });
    result.hidden = false;
    const fails = /(Derivation|Claim)Error/.test(wrong);
    cell.finish(wrong ? `It ${fails ? "does not hold" : "cannot be run"}: see below.` : verdict(shown));
  };

  const button = (text, action) => {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", action);
    return made;
  };
  const run = button("Run", () => start(false));
  const stop = button("Stop", () => python.stop(cell, "Stopped."));
  stop.disabled = true;
  const reset = button("Reset", () => { restore(); area.focus(); });
  const close = button("Close", () => { restore(); shut(); open.focus(); });

  // A derivation with a goal is also checked early, while it is being written.
  function start(early) {
    clearTimeout(pause);
    cell.early = early;
    const why = obstacle();
    if (why) cell.finish(why);
    else python.run(cell);
  }

  function restore() {
    clearTimeout(pause);
    if (python.current === cell || python.queue.includes(cell)) python.stop(cell, "");
    area.value = cell.text = cell.source;
    fit();
    result.hidden = true;
    printed.forEach(element => { element.hidden = false; });
    cell.finish("");
  }

  function shut() {
    page.forEach(element => { element.hidden = false; });
    bar.hidden = area.hidden = true;
    open.hidden = false;
  }

  const fit = () => { area.rows = area.value.split("\n").length; };

  function build() {
    area = make("textarea", {
      className: "live-code", value: cell.text, spellcheck: false, wrap: "off",
    });
    for (const name of ["autocapitalize", "autocomplete", "autocorrect"]) area.setAttribute(name, "off");
    area.setAttribute("aria-label", `Code of cell ${open.ariaLabel.split(" ").pop()}: Shift+Enter runs it, Escape leaves it`);
    status = make("output");
    bar = make("div", { className: "live-bar" }, run, stop, reset, close, status);
    result = make("div", { className: "cell_output live-output", hidden: true });
    cell.input.append(area);
    open.parentElement.before(bar);
    (printed[0] ?? open.parentElement).before(result);
    area.addEventListener("input", () => {
      cell.text = area.value;
      entered = true;
      fit();
      clearTimeout(pause);
      if (/\bgoal=/.test(cell.text)) pause = setTimeout(start, 700, true);
    });
    area.addEventListener("pointerdown", () => { entered = true; });
    area.addEventListener("blur", () => { entered = false; });
    area.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        start(false);
      } else if (event.key === "Escape") {
        event.preventDefault();
        run.focus();
      } else if (event.key === "Tab" && entered && !event.shiftKey) {
        event.preventDefault();
        area.setRangeText("    ", area.selectionStart, area.selectionEnd, "end");
        area.dispatchEvent(new Event("input"));
      }
    });
  }

  open.addEventListener("click", () => {
    if (!area) build();
    page.forEach(element => { element.hidden = true; });
    bar.hidden = area.hidden = false;
    open.hidden = true;
    fit();
    area.focus({ preventScroll: true });
    entered = true;
    start(false);
  });
}

// What the outputs say, for the line that is read aloud.
function verdict(shown) {
  const goal = shown.findLast(item => item.derivation)?.table.at(-1)[2];
  if (goal === "*the goal is reached*") return "The goal is reached.";
  if (goal === "*the goal, not reached yet*") return "What there is holds; the goal is not reached yet.";
  const steps = shown.filter(item => item.derivation).length;
  const claims = shown.filter(item => item.claim).map(item => item.claim.verdict);
  const said = [];
  if (steps) said.push(steps > 1 ? `${steps} derivations hold` : "Every step holds");
  if (claims.length) said.push(`${claims.length > 1 ? "claims" : "claim"} ${claims.join(", ")}`);
  return said.length ? `${said.join("; ")}.` : "Done.";
}

cells.filter(cell => cell.live).forEach(equip);
})();
