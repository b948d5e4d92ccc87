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
  return { box, input, source, text: source, live: box.classList.contains("tag_live"), turn: 0 };
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
      ({ source: text, live, printed: text === source ? "" : source }));
    cell.say(this.worker ? "Checking." : "Loading Python.");
    this.sent = cell.text;
    this.worker ??= this.start();
    this.worker.postMessage(JSON.stringify({ source: cell.text, earlier }));
  },

  start() {
    const worker = new Worker(folder + "worker.js", { type: "module" });
    worker.onmessage = ({ data }) => this.hear(data);
    loadKatex().catch(() => {});  // asked for again, and missed, where a result is shown
    worker.onerror = () => this.hear({ failed: "Python could not be started in this browser." });
    return worker;
  },

  hear({ received, stage, begun, shown, failed }) {
    const cell = this.current;
    if (!cell) return;
    if (received) cell.count(`${megabytes(received)} of ${megabytes(total)} MB`);
    if (stage) cell.say(`${stage}.`);
    if (begun) {  // once for the cells that it builds on, once for itself
      cell.say("Checking.");
      clearTimeout(this.timer);
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
    cell.turn++;
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
    element.onerror = () => {
      katex = undefined;  // the next result asks again
      element.remove();
      reject(new Error("The formulas cannot be typeset."));
    };
    document.head.append(element);
  });
}

function formula(tex, displayMode = false) {
  if (!window.katex) return make("code", {}, tex);
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

// A box that book.js takes out of the tab order while it has nothing to scroll.
function scrolling(...words) {
  const box = make(...words);
  box.tabIndex = 0;
  if (typeof watcher !== "undefined") watcher.observe(box);
  return box;
}

const outputs = {
  text: text => scrolling("pre", {}, text),
  error: text => scrolling("pre", { className: "live-wrong" }, text),
  latex: tex => scrolling("div", { className: "math-scroll" }, formula(tex, true)),

  table(lines, { derivation }) {
    const row = (line, name) => make("tr", {}, ...line.map(text => make(name, {}, ...words(text))));
    const heard = text => make("th", {}, make("span", { className: "heard" }, text));
    const heads = ["relation", "expression", "reason"].map(heard);  // as on the page
    const head = [make("thead", {}, derivation ? make("tr", {}, ...heads) : row(lines[0], "th"))];
    const body = make("tbody", {}, ...lines.slice(derivation ? 0 : 1).map(line => row(line, "td")));
    const table = make("table", { className: derivation ? "table derivation" : "table" }, ...head, body);
    return scrolling("div", { className: "pst-scrollable-table-container" }, table);
  },

  claim({ mark, verdict, sentence, original, figure, control }) {
    const kind = `nk-claim nk-${verdict.replace(" ", "-")}`;
    const told = original ? ["The original: ", make("em", {}, ...words(original)), " Here: "] : [];
    const facts = control ? `${figure}. Control, ${control}` : figure;
    return make("p", { className: "nk-claim-line" },
      make("span", { className: kind }, `${mark} ${verdict}`), " ",
      ...told, ...words(sentence), " ", make("span", { className: "nk-figure" }, ...words(facts)));
  },
};

let number = 0;

// The editor of a live cell, made when it is first opened.
function equip(cell) {
  const printed = [...cell.box.querySelectorAll(".cell_output")];
  const page = [...cell.input.children];
  const open = make("button", { type: "button", className: "live-open" }, "Try it");
  const name = `live cell ${++number}`;
  open.setAttribute("aria-label", `Try it: change this code and run it in the page, ${name}`);
  // Code that is folded beside what it shows, as a claim's: the button stands in view, and opens the fold.
  const fold = printed.some(element => !element.closest("details")) ? cell.input.closest("details") : null;
  (fold ?? cell.input).after(make("div", { className: "live-bar" }, open));
  let area, bar, hint, status, bytes, result, entered = false, pause = 0;

  const tell = (text, busy) => {
    if (status.textContent !== text) status.textContent = text;  // or it is read again
    bytes.textContent = "";
    stop.setAttribute("aria-disabled", !busy);  // a disabled button would lose the focus
  };
  cell.say = text => tell(text, true);
  cell.finish = text => tell(text, false);
  cell.count = text => { bytes.textContent = text; };
  cell.show = async shown => {
    const { turn } = cell;
    const wrong = shown.find(item => item.error);
    if (cell.early && wrong?.unfinished) return cell.finish("Not complete yet.");
    await loadKatex().catch(() => {});  // without it, formulas are shown as their TeX
    if (turn !== cell.turn) return;  // stopped, restored or run again meanwhile
    try {
      const made = shown.map(item => outputs[Object.keys(item)[0]](Object.values(item)[0], item));
      result.replaceChildren(...made);
    } catch (error) {
      result.replaceChildren(outputs.error(String(error.message)));
    }
    printed.forEach(element => { element.hidden = true; });
    result.hidden = false;
    cell.finish(wrong ? `It ${wrong.false ? "does not hold" : "cannot be run"}: see below.` : verdict(shown));
  };
  const busy = () => python.current === cell || python.queue.includes(cell);
  cell.outdate = () => {
    if (result && !result.hidden && !busy()) cell.finish("A cell above has changed: run this one again.");
  };

  // From now on, this text is what the cells below build on.
  function settle(text) {
    if (text === cell.text) return;
    cell.text = text;
    cells.slice(cells.indexOf(cell) + 1).forEach(below => below.outdate?.());
  }

  const button = (text, action) => {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", action);
    return made;
  };
  const run = button("Run", () => start(false));
  const stop = button("Stop", () => { if (busy()) python.stop(cell, "Stopped."); });
  stop.setAttribute("aria-disabled", "true");
  const reset = button("Reset", () => {
    write(cell.source, 0, area.value.length);
    entered = false;
    restore();
  });
  const close = button("Close", () => { restore(); shut(); open.focus(); });

  // A derivation with a goal is also checked early, while it is being written.
  function start(early) {
    clearTimeout(pause);
    cell.early = early;
    cell.turn++;
    settle(area.value);
    const why = obstacle();
    if (why) cell.finish(why);
    else python.run(cell);
  }

  // Shows what the page shows. What is written stays in the editor, and counts no more.
  function restore() {
    clearTimeout(pause);
    if (busy()) python.stop(cell, "");
    cell.turn++;
    settle(cell.source);
    result.hidden = true;
    printed.forEach(element => { element.hidden = false; });
    cell.finish("");
  }

  function shut() {
    page.forEach(element => { element.hidden = false; });
    bar.hidden = area.hidden = hint.hidden = true;
    open.hidden = false;
  }

  // Replaces a part of the text, so that the browser can undo it.
  function write(text, from, to) {
    area.focus();
    area.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, from, to, "end");
      area.dispatchEvent(new Event("input"));
    }
  }

  // Four spaces, or the lines that are selected moved by as many.
  function indent() {
    const { value, selectionStart: from, selectionEnd: to } = area;
    if (from === to) return write("    ", from, to);
    const begin = value.slice(0, from).lastIndexOf("\n") + 1;
    const lines = value.slice(begin, to).replace(/^(?=.)/gm, "    ");
    write(lines, begin, to);
    area.setSelectionRange(begin, begin + lines.length);
  }

  const fit = () => { area.rows = area.value.split("\n").length; };

  function build() {
    area = make("textarea", {
      className: "live-code", value: cell.text, spellcheck: false, wrap: "off",
    });
    for (const name of ["autocapitalize", "autocomplete", "autocorrect"]) area.setAttribute(name, "off");
    area.setAttribute("aria-label", `Code of ${name}: Shift+Enter runs it, Escape leaves it`);
    hint = make("p", { className: "live-hint" }, `L${name.slice(1)} · Shift+Enter runs it · Escape leaves it`);
    status = make("output");
    bytes = make("span", { className: "live-bytes" });
    bytes.setAttribute("aria-hidden", "true");  // not to be read aloud at every change
    bar = make("div", { className: "live-bar" }, run, stop, reset, close, status, bytes);
    result = make("div", { className: "cell_output live-output", hidden: true });
    cell.input.append(area);
    open.parentElement.before(hint, bar);  // on the page's ground, where grey can be read
    (printed[0] ?? open.parentElement).before(result);
    area.addEventListener("input", () => {
      entered = true;
      fit();
      clearTimeout(pause);
      if (/\bgoal=/.test(area.value)) pause = setTimeout(start, 700, true);
    });
    area.addEventListener("pointerdown", () => { entered = true; });
    area.addEventListener("blur", () => { entered = false; });
    area.addEventListener("keydown", event => {
      if (event.isComposing) return;
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        start(false);
      } else if (event.key === "Escape") {
        event.preventDefault();
        run.focus();
      } else if (event.key === "Tab" && entered && !event.shiftKey) {
        event.preventDefault();
        indent();
      }
    });
  }

  open.addEventListener("click", () => {
    if (!area) build();
    if (fold) fold.open = true;
    page.forEach(element => { element.hidden = true; });
    bar.hidden = area.hidden = hint.hidden = false;
    open.hidden = true;
    fit();
    area.focus({ preventScroll: true });
    start(false);
  });
}

// What the outputs say, for the line that is read aloud.
function verdict(shown) {
  const goal = shown.findLast(item => item.derivation)?.goal;
  if (goal === true) return "The goal is reached.";
  if (goal === false) return "What there is holds; the goal is not reached yet.";
  const steps = shown.filter(item => item.derivation).length;
  const claims = shown.filter(item => item.claim).map(item => item.claim.verdict);
  const said = [];
  if (steps) said.push(steps > 1 ? `${steps} derivations hold` : "Every step holds");
  if (claims.length) said.push(`${claims.length > 1 ? "claims" : "claim"} ${claims.join(", ")}`);
  return said.length ? `${said.join("; ")}.` : "Done.";
}

cells.filter(cell => cell.live).forEach(equip);
})();
