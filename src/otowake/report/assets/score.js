// The score: engraved pages, whose notes light up as they sound; parts, transpositions, printing.

// How much higher than it sounds a part is written, and what the page calls it.
const INTERVALS = { "": "intervalC", M2: "intervalM2", M6: "intervalM6", P5: "intervalP5" };

/** Unpack the pages of a version of the score. */
async function unpacked(version) {
  const packed = new Blob([bytesOf(version.pages)]).stream();
  return JSON.parse(await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text());
}

function makeScore() {
  const versions = data.score;
  $("score").hidden = !versions;
  if (!versions) return;
  if (!versions.length) {
    const help = make("p", { className: "help", "data-word": "scoreNeeds" });
    return void $("score").querySelector(".menus").replaceWith(help);
  }
  const [who, interval] = [$("score-player"), $("score-interval")];
  const addresses = [];
  let lit = []; // [onset, offset, element]

  function menus() {
    const [chosen, key] = [who.value, interval.value];
    const numbers = [...new Set(versions.map((version) => version.player))];
    who.replaceChildren(
      ...numbers.map((number) =>
        make(
          "option",
          { value: number },
          number < 0 ? word("fullScore") : data.scorePlayers[number],
        ),
      ),
    );
    if (chosen) who.value = chosen;
    const known = versions.filter((version) => version.player === Number(who.value));
    interval.replaceChildren(
      ...Object.keys(INTERVALS)
        .filter((name) => known.some((version) => version.interval === name))
        .map((name) => make("option", { value: name }, word(INTERVALS[name]))),
    );
    interval.value = known.some((version) => version.interval === key) ? key : "";
    for (const [menu, words] of [
      [who, "scorePart"],
      [interval, "scoreInterval"],
    ])
      menu.setAttribute("aria-label", word(words));
  }

  async function show() {
    const version = versions.find(
      (one) => one.player === Number(who.value) && one.interval === interval.value,
    );
    const pages = await unpacked(version);
    for (const address of addresses.splice(0)) URL.revokeObjectURL(address);
    lit = [];
    $("pages").replaceChildren(
      ...pages.map(({ svg, width, height, notes }, number) => {
        const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
        addresses.push(address);
        const image = make("img", {
          src: address,
          width: Math.round(width),
          height: Math.round(height),
          alt: word("scorePage", { n: number + 1, of: pages.length }),
        });
        const marks = notes.map(([x, y, onset, offset]) => {
          const mark = make("span", { className: "mark" });
          Object.assign(mark.style, { left: 100 * x + "%", top: 100 * y + "%" });
          mark.hidden = true;
          lit.push([onset, offset, mark]);
          return mark;
        });
        const page = make("div", { className: "page" }, image, ...marks);
        page.addEventListener("click", (event) => {
          const box = page.getBoundingClientRect();
          const [x, y] = [
            (event.clientX - box.left) / box.width,
            (event.clientY - box.top) / box.height,
          ];
          const far = ([left, top]) =>
            Math.abs(left - x) + 2 * Math.abs(top - y) * (height / width);
          const nearest = notes.reduce((a, b) => (far(a) <= far(b) ? a : b), notes[0]);
          if (nearest) player.seek(nearest[2]);
        });
        return page;
      }),
    );
    light(player.time);
  }

  function light(time) {
    for (const [onset, offset, mark] of lit) mark.hidden = time < onset || time >= offset;
  }

  function changed() {
    menus();
    show();
  }
  who.addEventListener("change", changed);
  interval.addEventListener("change", show);
  $("score-print").addEventListener("click", () => {
    document.body.classList.add("printing-score");
    window.print();
    document.body.classList.remove("printing-score");
  });
  on("time", light);
  on("seek", light);
  on("language", menus);
  changed();
}
