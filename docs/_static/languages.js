// The same place in the other language: both pages have the same anchors.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-other-language]");
  if (link) link.hash = location.hash;
});
