"use strict";
// A photo found for several reasons has several cards; they are ticked and unticked together.
const run = document.body.dataset.run;
const cards = [...document.querySelectorAll(".card")];
const cardsOf = new Map();
for (const card of cards) {
  const photo = card.dataset.photo;
  cardsOf.set(photo, [...(cardsOf.get(photo) || []), card]);
}
const stored = "keep " + run;
const staying = new Set();
let current = -1;

function show(photo) {
  for (const card of cardsOf.get(photo)) {
    card.classList.toggle("stays", staying.has(photo));
    card.querySelector("input").checked = !staying.has(photo);
  }
}

function tell() {
  const command = "python -m offline clean apply " + run;
  document.getElementById("going").textContent = cardsOf.size - staying.size;
  document.getElementById("staying").textContent = staying.size;
  document.getElementById("command").textContent =
    staying.size ? command + " --keep keep-" + run + ".txt" : command;
  try {
    localStorage.setItem(stored, JSON.stringify([...staying]));
  } catch { /* a browser may forbid it to a page opened from a file */ }
}

function decide(photos, stays) {
  for (const photo of photos) {
    if (stays) staying.add(photo); else staying.delete(photo);
    show(photo);
  }
  tell();
}

function toggle(card) {
  const photo = card.dataset.photo;
  decide([photo], !staying.has(photo));
}

function move(to) {
  if (!cards.length) return;
  current = Math.max(0, Math.min(cards.length - 1, to));
  cards[current].focus({ preventScroll: true });
  cards[current].scrollIntoView({ block: "center" });
}

function nextReason(step) {
  const firsts = [...document.querySelectorAll("section")].map(
    (section) => cards.indexOf(section.querySelector(".card")));
  const to = step > 0 ? firsts.find((first) => first > current)
    : firsts.reverse().find((first) => first < current);
  if (to !== undefined) move(to);
}

function keepList() {
  return "# photos that stay when run " + run + " is applied\n" +
    [...staying].sort().map((photo) => photo + "\n").join("");
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([keepList()], { type: "text/plain" }));
  link.download = "keep-" + run + ".txt";
  link.click();
}

const keys = {
  j: () => move(current + 1), ArrowRight: () => move(current + 1), ArrowDown: () => move(current + 1),
  k: () => move(current - 1), ArrowLeft: () => move(current - 1), ArrowUp: () => move(current - 1),
  x: () => current >= 0 && toggle(cards[current]), " ": () => current >= 0 && toggle(cards[current]),
  o: () => current >= 0 && cards[current].querySelector("a").click(),
  n: () => nextReason(1), p: () => nextReason(-1), d: download,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  if (event.key === " " && (current < 0 || event.target.closest("button, a, summary"))) return;
  event.preventDefault();
  keys[event.key]();
});
document.addEventListener("focusin", (event) => {
  const card = event.target.closest(".card");
  if (card) current = cards.indexOf(card);
});
document.addEventListener("change", (event) => {
  const card = event.target.closest(".card");
  if (card) decide([card.dataset.photo], !event.target.checked);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-stay]");
  if (!button) return;
  const inside = button.closest("section").querySelectorAll(".card");
  decide([...inside].map((card) => card.dataset.photo), button.dataset.stay === "yes");
});

function tellMissing(picture) {
  picture.dataset.gone = "";
  picture.alt = "No picture: its copy was deleted from this folder, or it cannot be read.";
}

for (const picture of document.querySelectorAll(".suspect")) {
  if (picture.complete && !picture.naturalWidth) tellMissing(picture);
  picture.addEventListener("error", () => tellMissing(picture));
}
document.getElementById("download").addEventListener("click", download);

try {
  for (const photo of JSON.parse(localStorage.getItem(stored)) || []) {
    if (cardsOf.has(photo)) decide([photo], true);
  }
} catch { /* nothing was remembered */ }
