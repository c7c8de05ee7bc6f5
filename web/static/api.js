// Requests to the guide; a refusal is an `ApiError` with its HTTP status.

const KEY = "guide-key";
const PATIENCE_S = 5;

export class ApiError extends Error {
  constructor(status) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

export function useKey(key) {
  sessionStorage.setItem(KEY, key);
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
  const key = sessionStorage.getItem(KEY);
  if (key) headers["X-API-Key"] = key;
  let response = await fetch(address, { ...options, headers });
  if (response.status === 503) { // a crowd; once it is worth coming back
    await new Promise((later) => setTimeout(later, 1000 * Math.min(PATIENCE_S, comeBackIn(response))));
    response = await fetch(address, { ...options, headers });
  }
  if (!response.ok) throw new ApiError(response.status);
  return response.json();
}
