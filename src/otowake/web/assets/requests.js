// Requests to the server, and what went wrong with them.

import { $, language, t } from "./words.js";

export class Refusal extends Error {}

// `login` is the address of the login page, relative to this one.
export async function request(method, path, body, login = "login") {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body) });
  if (answer.status === 401) location.assign(login);
  const content = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Refusal(answer.status), { message_in: content.message });
  return content;
}

export function showAlert(message) {
  $("alert").hidden = !message;
  $("alert").textContent = message ? (message[language()] ?? message) : "";
  if (message) $("alert").scrollIntoView({ block: "nearest" });
}

export function report(error) {
  if (!error.message_in) console.error(error);
  showAlert(error.message_in ?? t("offline"));
}
