// Pictures of the learning: the loss over the iterations, and the rows of W and H.

function ready(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  return { pen, width, height, ink: style.color, accent: colour(canvas, "--accent") };
}

// Resolve a custom property to a colour for a canvas.
function colour(element, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.parentNode.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, useGrouping: true });

export function drawLoss(canvas, losses) {
  const { pen, width, height, ink, accent } = ready(canvas);
  if (losses.length < 2) return;
  const margin = 26;
  const values = losses.map(([, loss]) => loss);
  const low = Math.min(...values),
    high = Math.max(...values);
  const last = losses.at(-1)[0];
  const x = (n) => 6 + (n / last) * (width - 12);
  const y = (v) => margin + (1 - (v - low) / (high - low || 1)) * (height - 2 * margin);
  pen.strokeStyle = accent;
  pen.lineWidth = 2;
  pen.lineJoin = "round";
  pen.beginPath();
  for (const [n, loss] of losses) pen.lineTo(x(n), y(loss));
  pen.stroke();
  pen.fillStyle = ink;
  pen.font = "12px system-ui, sans-serif";
  pen.fillText(short.format(high), 6, 15);
  pen.textAlign = "right";
  pen.fillText(short.format(low), width - 6, height - 8);
}

export function drawRows(canvas, { rows, columns, bytes }) {
  const { pen, width, height, accent } = ready(canvas);
  const values = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  const tall = height / rows,
    wide = width / columns;
  pen.fillStyle = accent;
  for (let row = 0; row < rows; row++) {
    const floor = (row + 1) * tall;
    pen.beginPath();
    pen.moveTo(0, floor);
    for (let column = 0; column < columns; column++) {
      const top = floor - (values[row * columns + column] / 255) * tall * 0.92;
      pen.lineTo(column * wide, top);
      pen.lineTo((column + 1) * wide, top);
    }
    pen.lineTo(width, floor);
    pen.fill();
  }
}
