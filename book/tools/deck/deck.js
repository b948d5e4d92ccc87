// Sets what is too large for a slide smaller, then starts the slides.
(async () => {
  const slides = [...document.querySelectorAll(".slides > section > section")];
  const WIDTH = 1280, HEIGHT = 720, LEAST = 0.6;
  const fits = slide => slide.scrollHeight <= HEIGHT && slide.scrollWidth <= WIDTH
    && [...slide.querySelectorAll("table, .katex-display, img, svg, p, li")].every(part => {
      const inner = part.getBoundingClientRect(), outer = slide.getBoundingClientRect();
      return inner.right <= outer.right - 40 && inner.bottom <= outer.bottom - 10;
    });
  // Figures show their controls only when the page is read to its end, and these take room.
  if (document.readyState === "loading")
    await new Promise(done => document.addEventListener("DOMContentLoaded", done));
  document.body.classList.add("measuring");  // all slides are laid out, none is seen
  await Promise.all([...document.fonts].map(font => font.load().catch(() => {})));
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
  await new Promise(requestAnimationFrame);
  for (const slide of slides) {
    for (let scale = 1; scale >= LEAST; scale -= 0.05) {
      slide.style.setProperty("--scale", scale.toFixed(2));
      if (fits(slide)) break;
    }
  }
  document.body.classList.remove("measuring");
  await Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0, center: false, hash: true, controls: false,
    slideNumber: "c/t", transition: "none", backgroundTransition: "none",
    pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1, plugins: [RevealNotes],
  });
  document.body.classList.add("ready");
})();
