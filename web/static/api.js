// Requests to the guide; a refusal is an `ApiError` with its HTTP status.

const KEY = "guide-key";
const PATIENCE_S = 5;

export class ApiError extends Error {
  constructor(status) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

// Kept until the tab is closed, or the page where the browser stores nothing.
let key = "";
try { key = sessionStorage.getItem(KEY) ?? ""; } catch { /* storage is forbidden */ }

export function useKey(typed) {
  if (!/^[!-~]*$/.test(typed)) throw new ApiError(401); // what no header can say is no key
  key = typed;
  try { sessionStorage.setItem(KEY, key); } catch { /* storage is forbidden */ }
}

export async function get(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined);
  return request(`${path}?${new URLSearchParams(given)}`);
}

export async function recognize(photo) {
  const form = new FormData();
  form.append("photo", photo);
  return request("/v1/recognize", { method: "POST", body: form });
}

export async function forget() {
  return request("/v1/queries", { method: "DELETE" });
}

function comeBackIn(response) {
  return Number(response.headers.get("Retry-After")) || 0;
}

async function request(address, options = {}) {
  const headers = { "Accept-Language": document.documentElement.lang };
  if (key) headers["X-API-Key"] = key;
  let response = await fetch(address, { ...options, headers });
  if (response.status === 503) { // a crowd; once it is worth coming back
    await new Promise((later) => setTimeout(later, 1000 * Math.min(PATIENCE_S, comeBackIn(response))));
    response = await fetch(address, { ...options, headers });
  }
  if (!response.ok) throw new ApiError(response.status);
  return response.json();
}
