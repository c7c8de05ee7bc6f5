// What opens above the chat: notices, a photo in full, a place to send.

import { make, rich } from "./messages.js";
import { fileUrl } from "./server.js";
import { say } from "./words.js";

const $ = (id) => document.getElementById(id);
let toastTimer;

/** A short notice that goes away by itself. */
export function toast(text) {
  $("toast").textContent = text;
  $("toast").classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $("toast").classList.remove("shown"), 3500);
}

/** A notice to be confirmed. */
export function notice(text) {
  $("notice-text").textContent = text;
  $("notice").showModal();
}

/** A photo as large as the window, with its caption. */
export function view(message, chat) {
  $("viewer-image").src = fileUrl(message.photo.at(-1));
  $("viewer-image").alt = message.caption ?? say("photo");
  $("viewer-caption").replaceChildren(...rich(message.caption ?? "", message.caption_entities, chat));
  $("viewer").showModal();
}

/** Ask for a position; resolves to {latitude, longitude, live}, or null. */
export function choosePlace({ spots, start, moving }) {
  const fill = (spot) => {
    $("latitude").value = spot.latitude;
    $("longitude").value = spot.longitude;
    $("place-problem").textContent = "";
  };
  $("spots").replaceChildren(...spots.map((spot) =>
    make("li", {}, make("button", { type: "button", onclick: () => fill(spot) }, spot.title))));
  if (start) fill(start);
  $("live").checked = false;
  $("live-label").hidden = moving;
  $("place-problem").textContent = "";
  $("my-position").onclick = () => navigator.geolocation?.getCurrentPosition(
    ({ coords }) => fill({ latitude: coords.latitude.toFixed(6), longitude: coords.longitude.toFixed(6) }),
    () => { $("place-problem").textContent = say("noPosition"); },
  );
  $("place").returnValue = "cancel";
  $("place").showModal();
  return new Promise((resolve) => {
    $("place-form").onsubmit = (event) => {
      if (event.submitter?.value === "send" && !position()) {
        event.preventDefault();
        $("place-problem").textContent = say("wrongPosition");
      }
    };
    $("place").onclose = () => {
      const chosen = $("place").returnValue === "send" ? position() : null;
      resolve(chosen && { ...chosen, live: $("live").checked });
    };
  });
}

function position() {
  const [latitude, longitude] = ["latitude", "longitude"].map((id) =>
    Number.parseFloat($(id).value.replace(",", ".")));
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close("cancel");
  });
}
