// The page: ask with a photo or words, browse places, look at one.

import { ApiError, forget, get, recognize, useKey } from "./api.js";
import { PlaceMap } from "./map.js";
import { candidate, card, chip, element, labelOf, language, nameOf, picture, words } from "./view.js";
import { WORDS } from "./words.js";

const $ = (id) => document.getElementById(id);
const PAGE = 12;
const SMALL_SHARE = 0.01; // below it nobody reads a candidate

const shown = { answer: null, places: [], total: 0, place: null, filters: null, about: null };
const map = new PlaceMap($("map"), openPlace);
// The last of each kind; what comes of earlier ones comes too late.
const last = { question: 0, page: 0, place: 0 };

function remembered(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

function remember(name, value) {
  try { localStorage.setItem(name, value); } catch { /* private windows forget */ }
}

// Saying

function say(text, where = "status") { $(where).textContent = text; }

function explain(error) {
  const status = error instanceof ApiError ? error.status : 0;
  if (status === 401) {
    $("place").close();
    $("key").hidden = false;
    $("key-text").focus();
  }
  // What is behind an open place nobody sees.
  say(words().problems[status] ?? words().failed, $("place").open ? "place-status" : "status");
}

async function attempt(work, wanted = () => true) {
  try { await work(); } catch (error) { if (wanted()) explain(error); }
}

// Like `attempt`, for what is of no use once another of its `kind` has begun.
async function attemptLast(kind, ask, show) {
  const mine = ++last[kind];
  const wanted = () => mine === last[kind];
  await attempt(async () => {
    const answer = await ask();
    if (wanted()) show(answer);
  }, wanted);
}

// Asking

// An answer is kept with what it answers: until it is there, the one before stays as it was.
async function ask(question, asked) {
  say(words().looking);
  await attemptLast("question", question, (answer) => {
    shown.answer = { ...answer, ...asked };
    showPicture(asked.photo);
    renderAnswer();
    say(words().done);
    $("answer").focus({ preventScroll: true });
    $("answer").scrollIntoView({ block: "nearest" });
  });
}

function askPhoto(photo) {
  if (photo) ask(() => recognize(photo), { photo });
}

function askWords() {
  const q = $("words").value.trim();
  if (!q) return $("words").focus();
  const search = { q, limit: PAGE };
  return ask(() => get("/v1/search", search), { search });
}

function showPicture(photo) {
  if ($("asked").src) URL.revokeObjectURL($("asked").src);
  if (photo) $("asked").src = URL.createObjectURL(photo);
  else $("asked").removeAttribute("src");
}

async function morePhotos() {
  const before = shown.answer;
  const next = { ...before.search, offset: before.photos.length };
  await attempt(async () => {
    const { photos } = await get("/v1/search", next);
    if (shown.answer !== before) return;
    shown.answer = { ...before, photos: [...before.photos, ...photos], complete: photos.length < PAGE };
    renderAnswer();
  }, () => shown.answer === before);
}

function renderAnswer() {
  const { answer } = shown;
  $("answer").hidden = !answer;
  if (!answer) return;
  const photo = Boolean(answer.photo);
  const empty = answer.photos.length === 0;
  const title = photo ? (answer.confident ? words().confident : words().unsure) : words().found;
  $("answer-title").textContent = empty ? words().nothing : title;
  $("asked").hidden = !photo;
  $("asked").alt = words().asked;
  const likely = (answer.places ?? []).filter(({ share }) => share >= SMALL_SHARE);
  $("candidates").replaceChildren(...likely.map((one, at) => candidate(one, at + 1, answer.confident, openPlace)));
  // A lighthouse is architecture, too: what its places are not called here says nothing.
  const telling = new Set(likely.flatMap(({ place }) => place.categories.map(({ category }) => category)));
  $("categories").replaceChildren(
    ...(answer.categories ?? []).filter((one) => one.share >= SMALL_SHARE && telling.has(one.category)).map(chip));
  const places = photo ? likely.map(({ place }) => place) : once(answer.photos.map((hit) => hit.place));
  const numbered = places.length > 1 ? places : []; // else the number says nothing
  const number = new Map(numbered.map(({ key }, at) => [key, at + 1]));
  $("photos").replaceChildren(
    ...answer.photos.map((hit) => card(hit.place, hit.photo, openPlace, number.get(hit.place.key))));
  map.show(places);
  $("more-photos").hidden = photo || empty || answer.complete || answer.photos.length < PAGE;
}

function once(places) {
  return [...new Map(places.map((place) => [place.key, place])).values()];
}

// Browsing

async function browse(offset) {
  const wanted = { city: $("city").value, category: $("category").value, limit: PAGE, offset };
  await attemptLast("page", () => get("/v1/places", wanted), (page) => {
    shown.places = offset ? [...shown.places, ...page.places] : page.places;
    shown.total = page.total;
    renderPlaces();
  });
}

function renderPlaces() {
  $("total").textContent = words().total(shown.total);
  $("places").replaceChildren(...shown.places.map((place) => card(place, place.photo, openPlace)));
  $("more-places").hidden = shown.places.length >= shown.total;
}

function renderFilters() {
  if (!shown.filters) return;
  const { cities, categories } = shown.filters;
  fill($("city"), cities.map(({ city, places }) => [city, `${city} (${places})`]));
  fill($("category"), categories.map((one) => [one.category, `${labelOf(one)} (${one.places})`]));
}

function fill(select, options) {
  const chosen = select.value;
  const made = [["", words().all], ...options].map(([value, textContent]) =>
    element("option", { value, textContent }));
  select.replaceChildren(...made);
  select.value = chosen;
}

async function openPlace(key) {
  const address = `/v1/places/${encodeURIComponent(key)}`;
  const found = () => Promise.all([get(address), get(`${address}/similar`)]);
  await attemptLast("place", found, ([place, similar]) => {
    shown.place = { ...place, similar: similar.places };
    say("", "place-status");
    renderPlace();
    if (!$("place").open) $("place").showModal();
    $("place").scrollTop = 0;
    $("place-name").focus();
  });
}

function renderPlace() {
  const { place } = shown;
  if (!place) return;
  $("place-name").textContent = nameOf(place);
  const where = place.lat === null ? [] : [`${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`];
  $("place-city").textContent = [place.city, ...where].filter(Boolean).join(" · ");
  $("place-categories").replaceChildren(...place.categories.map(chip));
  $("place-text").textContent = place[`description_${language()}`];
  $("place-photos").replaceChildren(
    ...place.photos.map((photo) => element("li", {}, picture(photo, nameOf(place)))));
  $("similar-places").replaceChildren(
    ...place.similar.map(({ place: other }) => card(other, other.photo, openPlace)));
  $("similar").hidden = place.similar.length === 0;
}

async function start() {
  await attempt(async () => {
    [shown.filters, shown.about] = await Promise.all([get("/v1/filters"), get("/v1/about")]);
    map.ground = shown.about.map;
    renderFilters();
    renderAbout();
    await browse(0);
    $("key").hidden = true;
  });
  document.documentElement.dataset.ready = "yes";
}

// Privacy

function renderAbout() {
  if (shown.about) $("kept").textContent = words().kept(shown.about.log_retention_days);
}

async function forgetMe() {
  await attempt(async () => {
    const { queries } = await forget();
    $("forgotten").textContent = words().forgotten(queries);
  });
}

// Language and colours

function speak(chosen) {
  document.documentElement.lang = chosen;
  document.title = words().title;
  for (const part of document.querySelectorAll("[data-words]")) {
    part.textContent = words()[part.dataset.words];
  }
  for (const part of document.querySelectorAll("[data-label]")) {
    part.setAttribute("aria-label", words()[part.dataset.label]);
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === chosen));
  }
  say("");
  renderAnswer();
  renderFilters();
  if (shown.filters) renderPlaces();
  renderPlace();
  renderAbout();
  $("forgotten").textContent = "";
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").setAttribute("aria-pressed", String(theme === "dark"));
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    remember("language", button.dataset.language);
    speak(button.dataset.language);
  });
}
$("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  remember("theme", theme);
  paint(theme);
});
for (const id of ["file", "camera"]) {
  $(id).addEventListener("change", () => {
    askPhoto($(id).files[0]);
    $(id).value = ""; // so that the same photo can be chosen again
  });
}
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  $("drop").addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
    if (name === "drop") askPhoto(event.dataTransfer.files[0]);
  });
}
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  askWords();
});
$("key").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    useKey($("key-text").value.trim());
    say("");
    await start();
  });
});
$("more-photos").addEventListener("click", morePhotos);
$("more-places").addEventListener("click", () => browse(shown.places.length));
$("city").addEventListener("change", () => browse(0));
$("category").addEventListener("change", () => browse(0));
$("forget").addEventListener("click", forgetMe);
$("close").addEventListener("click", () => $("place").close());
$("place").addEventListener("close", () => {
  last.place++; // a place that is still on its way is not wanted any more
  say("", "place-status");
});

const preferred = remembered("language") ?? navigator.language.slice(0, 2);
speak(preferred in WORDS ? preferred : "en");
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
paint(remembered("theme") ?? (dark ? "dark" : "light"));
start();
