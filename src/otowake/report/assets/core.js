// Shared by all files: the content, words in the page's language, events, and elements.

const data = JSON.parse(document.getElementById("data").textContent);
const events = new EventTarget();
const emit = (name, detail) => events.dispatchEvent(new CustomEvent(name, { detail }));
const on = (name, listener) => events.addEventListener(name, (event) => listener(event.detail));
const $ = (id) => document.getElementById(id);
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

// An enclosing page may set the language.
let language = { "#ja": "ja", "#en": "en" }[location.hash] ?? data.language;

/** Fill in a sentence in the current language; {n|note|notes} is the first word where n is 1. */
function say(sentence, facts = {}) {
  const counted = sentence[language].replace(
    /\{(\w+)\|([^|{}]*)\|([^|{}]*)\}/g,
    (all, name, one, more) => (facts[name] === 1 ? one : more),
  );
  return counted.replace(/\{(\w+)\}/g, (all, name) => (name in facts ? facts[name] : all));
}

/** Look up a word of the page by name. */
const word = (name, facts) => say(data.words[name], facts);

const noteName = (midi) => data.noteNames[language][clamp(Math.round(midi), 0, 127)];
const toMidi = (hz) => 69 + 12 * Math.log2(hz / data.tuning);
const toHz = (midi) => data.tuning * 2 ** ((midi - 69) / 12);
const percent = (share) => (100 * share).toFixed(share < 0.0995 ? 1 : 0) + " %";
const signed = (x) => (x < -0.5 ? "−" : x > 0.5 ? "+" : "±") + Math.abs(x).toFixed(0);

/** Format seconds as m:ss.s. */
function clock(seconds, digits = 1) {
  const whole = Math.max(0, seconds);
  const minutes = Math.floor(whole / 60);
  return (
    minutes + ":" + (whole - 60 * minutes).toFixed(digits).padStart(digits ? 3 + digits : 2, "0")
  );
}

/** Make an element: properties, attributes (`a-b`, `role`), listeners (`on…`), children. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || ["role", "for", "scope", "colspan", "list"].includes(name))
      element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Look up a colour of the style sheet. */
const ink = (name) =>
  getComputedStyle(document.documentElement)
    .getPropertyValue("--" + name)
    .trim();

/** Return the colour of a part, lighter in dark mode. */
function colourOf(part) {
  const colour = part >= 0 && data.parts[part] ? data.parts[part].colour : data.colour;
  if (!dark.matches) return colour;
  const lighter = [1, 3, 5].map((at) =>
    Math.round(parseInt(colour.slice(at, at + 2), 16) * 0.62 + 255 * 0.38),
  );
  return "#" + lighter.map((value) => value.toString(16).padStart(2, "0")).join("");
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Download a file. */
function save(name, bytes) {
  const url = URL.createObjectURL(new Blob([bytes]));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** The selection: indices of notes and components, and a region (s, Hz) or null. */
const selection = { notes: [], components: [], region: null };

function select(changes) {
  Object.assign(selection, changes);
  if ("notes" in changes) emit("select-notes", selection.notes);
  if ("components" in changes) emit("select-components", selection.components);
  if ("region" in changes) emit("select-region", selection.region);
}
