// Lets the reader choose which claims are shown, and keeps the choice in the address.
// Without this script all are shown, and the form stays hidden.
function filterClaims(form) {
  const lists = [...form.querySelectorAll("select")];
  const entries = [...document.querySelectorAll("ul.ledger > li")];

  function show() {
    const wanted = lists.filter(list => list.value);
    for (const entry of entries) {
      const has = ({ name, value }) => entry.classList.contains(`${name}-${value}`);
      entry.hidden = !wanted.every(has);
    }
    for (const { parentElement: note } of document.querySelectorAll("ul.ledger")) {
      note.hidden = !note.querySelector("li:not([hidden])");
    }
    const shown = entries.filter(entry => !entry.hidden).length;
    form.querySelector("output").value = `${shown} of ${entries.length} claims shown`;
  }

  function remember() {
    const address = new URL(location);
    for (const { name, value } of lists) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    if (hiddenTarget()) address.hash = "";
    history.replaceState(null, "", address);
  }

  function choose(choices) {
    for (const list of lists) {
      list.value = choices.get(list.name) ?? "";
      if (list.selectedIndex < 0) list.value = "";
    }
    show();
  }

  function hiddenTarget() {
    const target = document.getElementById(location.hash.slice(1));
    return target?.closest("[hidden]") && target;
  }

  function showAll() {
    choose(new Map());
    remember();
  }

  // An address that names a claim shows it, whatever is chosen.
  function follow() {
    const target = hiddenTarget();
    if (!target) return;
    showAll();
    target.scrollIntoView();
  }

  choose(new URL(location).searchParams);
  follow();
  form.hidden = false;
  form.addEventListener("input", () => { show(); remember(); });
  form.querySelector("button").addEventListener("click", showAll);
  addEventListener("hashchange", follow);
}

document.querySelectorAll(".ledger-filter").forEach(filterClaims);
