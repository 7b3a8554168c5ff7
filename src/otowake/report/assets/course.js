// The learning: the factors at some iterations, as an animation.

/** Show small images of the factors at some iterations, and the full images at the end. */
async function makeCourse() {
  const { iterations, W, H } = pictures.course;
  const [stripsW, stripsH] = [await Picture.read(W), await Picture.read(H)];
  const count = data.components.length;
  const rows = W.height / iterations.length;
  const strip = (picture, number, height) =>
    picture.grey.subarray(number * height * picture.width, (number + 1) * height * picture.width);
  const linear = (grey) => (grey ? 10 ** (((1 - grey / 255) * pictures.floor) / 20) : 0);

  function product(w, h, width) {
    const sum = new Float32Array(rows * width);
    let top = 0;
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < count; k++) {
        const weight = linear(w[row * count + k]);
        if (weight)
          for (let at = 0; at < width; at++)
            sum[row * width + at] += weight * linearH[h[k * width + at]];
      }
    }
    for (const value of sum) if (value > top) top = value;
    return Uint8Array.from(sum, (value) =>
      clamp(
        Math.round(255 * (1 - (20 * Math.log10(Math.max(value / top, 1e-9))) / pictures.floor)),
        0,
        255,
      ),
    );
  }
  const linearH = Float32Array.from({ length: 256 }, (_, grey) => linear(grey));

  const slider = make("input", {
    type: "range",
    min: 0,
    max: iterations.length - 1,
    step: 1,
    value: iterations.length - 1,
    id: "course-at",
  });
  const label = make("output", { for: "course-at" });
  const button = make("button", { type: "button", id: "course-play" });
  let running = 0;

  function show(number) {
    slider.value = number;
    const atEnd = number === iterations.length - 1;
    reached = iterations[number];
    label.textContent = reached
      ? word("after", { n: reached.toLocaleString("en") })
      : word("before");
    slider.setAttribute("aria-valuetext", label.textContent);
    if (atEnd) Object.assign(shown, { W: full.W, H: full.H, WH: full.WH });
    else {
      const [w, h] = [strip(stripsW, number, rows), strip(stripsH, number, count)];
      shown.W = new Picture(W.width, rows, w);
      shown.H = upward(new Picture(H.width, count, h));
      shown.WH = new Picture(H.width, rows, product(w, h, H.width));
    }
    for (const chart of charts) chart.later();
  }

  function stop() {
    clearInterval(running);
    running = 0;
    words();
  }

  function run() {
    if (running) return stop();
    let number = Number(slider.value);
    if (number === iterations.length - 1) number = -1;
    const next = () => {
      number += 1;
      show(number);
      if (number === iterations.length - 1) stop();
    };
    running = setInterval(next, calm.matches ? 900 : Math.max(140, 3200 / iterations.length));
    next();
    words();
  }

  function words() {
    button.textContent = running ? "❚❚" : "▶";
    button.setAttribute("aria-label", word(running ? "pauseLearning" : "playLearning"));
    button.title = button.getAttribute("aria-label");
    slider.setAttribute("aria-label", word("learning"));
    name.textContent = word("learning");
  }

  const name = make("span", { className: "name" });
  button.addEventListener("click", run);
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });
  $("course").append(name, button, slider, label);
  on("language", () => {
    words();
    show(Number(slider.value));
  });
  words();
  show(iterations.length - 1);
}
