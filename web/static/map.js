// Places on a map: numbered marks on a plain grid of degrees, or on tiles where there are some.

import { element, nameOf, words } from "./view.js";

const L = window.L;
const NEAR = 15; // zoom that one place is shown at
const FAR = 2;
const STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]; // degrees
const APART = 90; // pixels between two lines of the grid, at least
const SHOWN = { padding: [36, 36], maxZoom: NEAR };

export class PlaceMap {
  // `open` is called with the key of a place that was chosen.
  constructor(container, open) {
    this.container = container;
    this.open = open;
    this.ground = { tiles: null, attribution: "" };
    this.places = "";
  }

  // Show places in their order; those whose position is unknown are left out.
  show(places) {
    const known = places.map((place, at) => ({ place, number: at + 1 }))
      .filter(({ place }) => place.lat !== null);
    this.container.hidden = known.length === 0;
    if (!known.length) return;
    this.map ??= this.made();
    this.map.invalidateSize({ animate: false });
    this.nameParts();
    this.marks.clearLayers();
    for (const { place, number } of known) this.mark(place, number).addTo(this.marks);
    const now = known.map(({ place }) => place.key).join();
    if (now !== this.places) { // else only the language changed
      const points = known.map(({ place }) => [place.lat, place.lon]);
      this.map.fitBounds(points, { ...SHOWN, animate: false });
    }
    this.places = now;
  }

  made() {
    const map = L.map(this.container, {
      zoomControl: false, attributionControl: false, scrollWheelZoom: false, minZoom: FAR, maxZoom: 18,
      dragging: !matchMedia("(pointer: coarse)").matches, // one finger scrolls the page, two move the map
      zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false,
    });
    const { tiles, attribution } = this.ground;
    if (tiles) {
      const credit = L.control.attribution({ prefix: false }).addTo(map);
      credit.addAttribution(attribution);
      L.tileLayer(tiles, { maxZoom: 19, referrerPolicy: "strict-origin-when-cross-origin" }).addTo(map);
    } else {
      this.grid = L.layerGroup().addTo(map);
      map.on("moveend", () => this.drawGrid());
    }
    L.control.scale({ imperial: false }).addTo(map);
    this.marks = L.layerGroup().addTo(map);
    return map;
  }

  nameParts() {
    this.container.setAttribute("aria-label", words().map);
    this.zoom?.remove();
    this.zoom = L.control.zoom({ position: "topright", zoomInTitle: words().closer, zoomOutTitle: words().farther });
    this.zoom.addTo(this.map);
  }

  mark(place, number) {
    const text = element("span", { textContent: number });
    const icon = L.divIcon({ className: "mark", html: text, iconSize: [30, 30], tooltipAnchor: [15, 0] });
    const mark = L.marker([place.lat, place.lon], { icon, zIndexOffset: -1000 * number });
    mark.bindTooltip(element("span", { textContent: nameOf(place) }));
    mark.on("click", () => this.open(place.key));
    mark.on("keydown", ({ originalEvent: event }) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.open(place.key);
    });
    mark.on("add", () => mark.getElement().setAttribute("aria-label", `${number}. ${nameOf(place)}`));
    return mark;
  }

  drawGrid() {
    this.grid.clearLayers();
    const seen = this.map.getBounds();
    const [south, west, north, east] = [seen.getSouth(), seen.getWest(), seen.getNorth(), seen.getEast()];
    const size = this.map.getSize();
    for (const lat of round(south, north, size.y / (APART / 2))) {
      this.line([[lat, west], [lat, east]]);
      this.label([lat, west], lat, "lat");
    }
    for (const lon of round(west, east, size.x / APART)) {
      this.line([[south, lon], [north, lon]]);
      this.label([north, lon], lon, "lon");
    }
  }

  line(points) {
    L.polyline(points, { className: "grid", weight: 1, interactive: false, noClip: true }).addTo(this.grid);
  }

  // Along the left and the upper edge, where a label has room: not in their corner, not cut off.
  label(point, degrees, axis) {
    const { x, y } = this.map.latLngToContainerPoint(point);
    if (axis === "lat" ? y < 45 || y > this.map.getSize().y - 40 : x < 10 || x > this.map.getSize().x - 110) return;
    const text = element("span", { textContent: `${Number(degrees.toFixed(3))}°` });
    const icon = L.divIcon({ className: `degrees ${axis}`, html: text, iconSize: null });
    const label = L.marker(point, { icon, interactive: false, keyboard: false });
    label.on("add", () => label.getElement().setAttribute("aria-hidden", "true"));
    label.addTo(this.grid);
  }
}

// Round degrees between two, about so many at most.
function round(from, to, many) {
  const step = STEPS.findLast((one) => (to - from) / one <= many) ?? STEPS[0];
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, n) => (first + n) * step);
}
