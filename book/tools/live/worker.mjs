// Python for one page: runs cells, one after the other, and answers with plain data.
// What a reader types has no network here, no storage, and no page.
const CUT = [
  "fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "WebTransport",
  "EventSource", "RTCPeerConnection", "Worker", "SharedWorker", "BroadcastChannel",
  "importScripts", "indexedDB", "caches", "cookieStore", "navigator", "location",
  "Notification", "FileReaderSync", "URL", "Request", "eval", "Function", "close",
];

// The packed files, unpacked while they arrive; every byte is reported.
async function file(folder, name, type, report) {
  const response = await fetch(folder + name);
  if (!response.ok) throw new Error(`${name} could not be loaded (${response.status}).`);
  const count = new TransformStream({
    transform(chunk, out) { report(chunk.length); out.enqueue(chunk); },
  });
  const unpacked = response.body.pipeThrough(count)
    .pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked, { headers: { "Content-Type": type } });
}

async function start() {
  const folder = new URL(".", import.meta.url).href;
  let received = 0;
  const report = bytes => postMessage({ received: received += bytes });
  const packed = {
    "pyodide.asm.wasm": file(folder, "wasm.bin", "application/wasm", report),
    "python.zip": file(folder, "python.bin", "application/zip", report),
  };
  const asked = self.fetch;
  self.fetch = (url, ...rest) => packed[String(url).split("/").pop()] ?? asked(url, ...rest);
  const { loadPyodide } = await import(folder + "pyodide.mjs");
  const python = await loadPyodide({
    indexURL: folder, stdLibURL: folder + "python.zip", jsglobals: {},
    lockFileURL: folder + "pyodide-lock.json",
  });
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
  runner.prepare(alarm);
  const run = runner.run;
  shut();
  return run;
}

// Takes away what could reach beyond this worker, also by the back doors of a language:
// an empty function takes the place of each, so that Pyodide can still ask what is one.
function shut() {
  const makers = [async function () {}, function* () {}, async function* () {}];
  const hidden = makers.map(maker => Object.getPrototypeOf(maker));
  for (const name of CUT) {
    const value = self[name];
    const empty = typeof value === "function" ? function () { throw new Error("not here"); } : undefined;
    if (empty && value.prototype) {
      empty.prototype = value.prototype;
      hidden.push(value.prototype);
    }
    for (let owner = self; owner; owner = Object.getPrototypeOf(owner)) {
      if (Object.hasOwn(owner, name)) Object.defineProperty(owner, name, { value: empty });
    }
  }
  for (const owner of hidden) Object.defineProperty(owner, "constructor", { value: undefined });
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
