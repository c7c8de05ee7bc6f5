// What was found, as elements; everything that came from data goes through textContent.

import { WORDS } from "./words.js";

export const language = () => document.documentElement.lang;
export const words = () => WORDS[language()];
export const nameOf = (place) => (language() === "en" && place.name_en) || place.name;
export const labelOf = (category) => category[`label_${language()}`];
export const percent = (share) => `${Math.round(share * 100)} %`;

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// One that was cleaned away since the guide was published leaves its place empty.
export function picture(photo, name) {
  return element("img", {
    src: `${photo.url}?width=320`, alt: name, loading: "lazy", width: photo.width, height: photo.height,
    onerror: (event) => event.target.replaceWith(element("span", { className: "gone" })),
  });
}

// A photo that opens its place; `number` is that of the place on the map.
export function card(place, photo, open, number) {
  const name = nameOf(place);
  const badge = number ? [element("span", { className: "mark", textContent: number, ariaHidden: true })] : [];
  const button = element("button", { type: "button", className: "card", onclick: () => open(place.key) },
    picture(photo, ""), ...badge, element("span", { textContent: name }),
    element("span", { textContent: place.city, className: "faint" }));
  return element("li", {}, button);
}

// A place that a photo may show. The share of one that is not claimed is told in words: it may well be
// the likeliest by far and wrong.
export function candidate({ place, share }, number, confident, open) {
  const name = element("button", {
    type: "button", className: "link", textContent: nameOf(place), onclick: () => open(place.key),
  });
  const where = element("span", { className: "faint", textContent: place.city ? ` ${place.city}` : "" });
  const meters = confident ? [element("meter", { min: 0, max: 1, value: share, ariaLabel: percent(share) })] : [];
  const badge = element("span", { className: "mark", textContent: number, ariaHidden: true });
  return element("li", {}, badge, element("span", {}, name, where),
    element("span", { textContent: confident ? percent(share) : words().perhaps(share) }), ...meters);
}

export function chip(category) {
  return element("li", { textContent: labelOf(category) });
}
