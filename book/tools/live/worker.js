// Python for one page: runs cells, one after the other, and answers with plain data.
// What a reader types has no network here, no storage, and no page.
// Of the worker's own names only these are left when Python runs: the language, numbers,
// time, and messages of plain data to the page. It holds also on a server that sends no
// Content-Security-Policy, as a worker has only the policy of its own file.
const KEPT = new Set(`
  AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array
  BigUint64Array Boolean DOMException DataView Date DisposableStack Error EvalError Event
  EventTarget FinalizationRegistry Float16Array Float32Array Float64Array Infinity Int16Array
  Int32Array Int8Array Intl Iterator JSON Map Math MessageChannel MessageEvent MessagePort NaN
  Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer
  String SuppressedError Symbol SyntaxError Temporal TextDecoder TextEncoder TypeError URIError
  Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly
  atob btoa clearInterval clearTimeout console crypto decodeURI decodeURIComponent encodeURI
  encodeURIComponent escape globalThis isFinite isNaN onmessage parseFloat parseInt performance
  postMessage queueMicrotask self setInterval setTimeout structuredClone undefined unescape
`.trim().split(/\s+/));

// A packed file, unpacked while it arrives; every byte is reported. `whole` fails where the
// file is missing or ends too early: Pyodide would wait for it without an end.
function file(folder, name, type, report) {
  const count = new TransformStream({
    transform(chunk, out) { report(chunk.length); out.enqueue(chunk); },
  });
  const gunzip = new DecompressionStream("gzip");
  const asked = fetch(folder + name).then(response => {
    if (!response.ok) throw new Error(response.status);
    return response;
  });
  const whole = asked.then(response => Promise.all([
    response.body.pipeTo(count.writable), count.readable.pipeTo(gunzip.writable),
  ])).catch(error => {
    throw new Error(`Python could not be loaded whole: ${name} is missing or broken off (${error.message}).`);
  });
  const headers = { "Content-Type": type };
  const response = asked.then(() => new Response(gunzip.readable, { headers }));
  response.catch(() => {});  // told by whole
  return { whole, response };
}

async function start() {
  // The least program there is; where a policy refuses it, Pyodide would wait without an end.
  await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)).catch(() => {
    throw new Error("Python cannot run here: the site's policy or the browser refuses WebAssembly.");
  });
  const folder = new URL(".", import.meta.url).href;
  let received = 0;
  const report = bytes => postMessage({ received: received += bytes });
  const packed = {
    "pyodide.asm.wasm": file(folder, "wasm.bin", "application/wasm", report),
    "python.zip": file(folder, "python.bin", "application/zip", report),
  };
  const broken = new Promise((_, reject) => {
    for (const { whole } of Object.values(packed)) whole.catch(reject);
  });
  const asked = self.fetch;
  self.fetch = (url, ...rest) => packed[String(url).split("/").pop()]?.response ?? asked(url, ...rest);
  // Where one file fails, so may others that Pyodide has asked for and waits for no more.
  const hush = event => event.preventDefault();
  self.addEventListener("unhandledrejection", hush);
  keepFunctions();
  const loaded = import(folder + "pyodide.js").then(({ loadPyodide }) => loadPyodide({
    indexURL: folder, stdLibURL: folder + "python.zip", jsglobals: {},
    lockFileURL: folder + "pyodide-lock.json",
  }));
  loaded.catch(() => {});  // told by broken, if that is why
  const python = await Promise.race([loaded, broken]);
  self.removeEventListener("unhandledrejection", hush);
  postMessage({ stage: "Starting SymPy" });
  // The interpreter asks now and then whether it is interrupted: here a timer calls back.
  let due = Infinity, call;
  const alarm = (seconds, function_) => {
    call?.destroy();
    call = function_?.copy();
    due = function_ ? performance.now() + seconds * 1000 : Infinity;
  };
  python.setInterruptBuffer({
    get 0() {
      if (performance.now() < due) return 0;
      due = Infinity;
      call();
      return 0;
    },
    set 0(_) {},
  });
  const runner = python.pyimport("runner");
  runner.prepare(alarm, () => postMessage({ begun: true }));
  const run = runner.run;
  shut();
  return run;
}

function* owners() {
  for (let owner = self; owner !== EventTarget.prototype; owner = Object.getPrototypeOf(owner)) yield owner;
}

const refuse = () => { throw new Error("not here"); };
const fixed = value => ({ value, writable: false, configurable: false });

// A timer takes a function only: of a text it would make one.
function keepFunctions() {
  for (const name of ["setTimeout", "setInterval"]) {
    const plain = self[name];
    const timer = (call, ...rest) => typeof call === "function" ? plain(call, ...rest) : refuse();
    for (const owner of owners()) {
      if (Object.hasOwn(owner, name)) Object.defineProperty(owner, name, fixed(timer));
    }
  }
}

// Takes away what could reach beyond this worker, also by the back doors of a language:
// an empty function takes the place of each, so that Pyodide can still ask what is one.
function shut() {
  const makers = [function () {}, async function () {}, function* () {}, async function* () {}];
  const hidden = makers.map(maker => Object.getPrototypeOf(maker));
  for (const owner of owners()) {
    for (const [name, { value, configurable }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (KEPT.has(name) || name === "constructor" || !configurable) continue;
      const empty = typeof value === "function" ? function () { refuse(); } : undefined;
      if (empty && value.prototype) {
        empty.prototype = value.prototype;
        hidden.push(value.prototype);
      }
      Object.defineProperty(owner, name, fixed(empty));
    }
  }
  for (const owner of hidden) Object.defineProperty(owner, "constructor", fixed(undefined));
}

let ready;
self.onmessage = async ({ data }) => {
  try {
    ready ??= start();
    const run = await ready;
    postMessage({ begun: true });
    postMessage({ shown: JSON.parse(run(data)) });
  } catch (error) {
    postMessage({ failed: String(error.message ?? error) });
  }
};
