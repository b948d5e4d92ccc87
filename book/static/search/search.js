// Searches the sections of the book in the browser; only the page of search loads this.
const form = document.querySelector("form[role=search]");
const field = form.querySelector("input");
const list = document.querySelector("#found");
const count = document.querySelector("#count");

/** One spelling for what a reader may write in several: ψ₁ and \psi_1, normalisation and normalization. */
function plain(text) {
  return text.normalize("NFKC").replace(/\\([a-zA-Z]+)/g, (all, name) => {
    const code = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho _ sigma tau upsilon phi chi psi omega"
      .split(" ").indexOf(name.toLowerCase().replace(/^var/, ""));
    return code < 0 ? name : String.fromCharCode(0x3b1 + code);
  }).toLowerCase().replace(/(?<=[\p{L}\p{N}])_\{?(?=[\p{L}\p{N}])/gu, "");
}

/** The words of a text; Chinese, which has no spaces, as single characters and as pairs. */
function words(text) {
  const found = [];
  for (const [word] of plain(text).matchAll(/\p{Script=Han}+|[\p{L}\p{N}]+/gu)) {
    if (!/\p{Script=Han}/u.test(word)) found.push(...word.split(/(?<=[^\p{Script=Han}])(?=\p{Script=Han})/u));
    else for (let i = 0; i < word.length; i++) found.push(word[i], ...(i + 1 < word.length ? [word.slice(i, i + 2)] : []));
  }
  return found;
}

const spelling = word => word.replace(/is(?=(?:ations?|ed|es|e|ing|ers?)$)/, "iz").replace(/our(?=s?$|ed$|ing$)/, "or");

const engine = new MiniSearch({
  idField: "address",
  fields: ["title", "section", "text", "code"],
  storeFields: ["page", "section", "text", "weight"],
  tokenize: words,
  processTerm: spelling,
});
engine.addAll(sections);

function search(query) {
  const pairs = term => !(term.length === 1 && /\p{Script=Han}/u.test(term)) || [...plain(query)].length === 1;
  const options = {
    boost: { title: 6, section: 4, code: .2 },
    prefix: term => term.length > 2 || /[^\x00-\x7f]/.test(term),
    fuzzy: term => /^[a-z]{6,}$/.test(term) && .15,
    combineWith: "AND",
    processTerm: term => pairs(term) && spelling(term),
    boostDocument: (_, __, stored) => stored.weight,
  };
  const all = engine.search(query, options);
  return all.length ? all : engine.search(query, { ...options, combineWith: "OR" });
}

/** The part of a text around the first found word, in which the found words are marked. */
function excerpt(text, terms) {
  const hits = [];
  for (const match of text.matchAll(/\p{Script=Han}|[\p{L}\p{N}]+/gu)) {
    const own = words(match[0]).map(spelling);
    const hit = own.some(word => terms.some(term => word === term || /\p{Script=Han}/u.test(word) && term.includes(word)));
    if (hit) hits.push([match.index, match.index + match[0].length]);
  }
  const start = Math.max(0, (hits[0]?.[0] ?? 0) - 80);
  const from = start && text.indexOf(" ", start) + 1 <= (hits[0]?.[0] ?? 0) ? text.indexOf(" ", start) + 1 : start;
  const end = Math.min(text.length, from + 240);
  const parts = [start ? "… " : ""];
  let at = from;
  for (const [a, b] of hits) {
    if (a < at || b > end) continue;
    const mark = document.createElement("mark");
    mark.textContent = text.slice(a, b);
    parts.push(text.slice(at, a), mark);
    at = b;
  }
  return [...parts, text.slice(at, end), end < text.length ? " …" : ""];
}

function show() {
  const query = field.value.trim();
  const results = query ? search(query) : [];
  count.textContent = query && `${results.length} ${results.length === 1 ? "section" : "sections"} found${results.length > 40 ? "; these are the first 40" : ""}`;
  list.replaceChildren(...results.slice(0, 40).map(result => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const [page, place] = result.id.split("#");
    link.href = `${page}?found=${encodeURIComponent(result.terms.join(" "))}${place ? `#${place}` : ""}`;
    link.textContent = result.section ? `${result.page} › ${result.section}` : result.page;
    const text = document.createElement("p");
    text.append(...excerpt(result.text, result.terms));
    item.append(link, text);
    return item;
  }));
}

field.value = new URLSearchParams(location.search).get("q") ?? "";
field.addEventListener("input", () => {
  show();
  const address = new URL(location);
  address.searchParams.set("q", field.value);
  try { history.replaceState(null, "", address); } catch { /* in a file the address stays */ }
});
form.addEventListener("submit", event => { event.preventDefault(); show(); });
show();
