// The page's words in both languages, and what the server says of itself.

export const $ = (id) => document.getElementById(id);
export const facts = JSON.parse($("page-facts").textContent);
export const language = () => document.documentElement.lang;

export function t(name, values = {}) {
  const sentence = facts.words[name]?.[language()] ?? name;
  return sentence.replace(/{(\w+)}/g, (_, key) => values[key] ?? "");
}

export function fill(element, name) {
  element.dataset.t = name;
  element.textContent = t(name);
}

export function relabel() {
  document.querySelectorAll("[data-t]").forEach((element) => fill(element, element.dataset.t));
}

export function setLanguage(wanted) {
  document.documentElement.lang = wanted;
  relabel();
  history.replaceState(null, "", `?lang=${wanted}`);
}

// An element with properties and children: text unless it is an element already.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
