// A slider of ipywidgets has no name and announces the index of its value: it gets its label and the value that it shows.
(() => {
  if (window.nkLive) return;
  const tell = () => {
    for (const slider of document.querySelectorAll(".nk-live .widget-slider")) {
      const handle = slider.querySelector("[role=slider]");
      const words = {
        "aria-label": slider.querySelector(".widget-label")?.textContent,
        "aria-valuetext": slider.querySelector(".widget-readout")?.textContent,
      };
      for (const [name, text] of Object.entries(words))
        if (handle && text && handle.getAttribute(name) !== text) handle.setAttribute(name, text);
    }
  };
  window.nkLive = new MutationObserver(tell);
  const what = { subtree: true, childList: true, characterData: true, attributeFilter: ["aria-valuetext"] };
  window.nkLive.observe(document.body, what);
  tell();
})();
