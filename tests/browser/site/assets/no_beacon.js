// A browser without sendBeacon; what fetch is asked for is kept for the test to see.
Object.defineProperty(navigator, "sendBeacon", { value: undefined });
window.fetched = [];
const fetchOfBrowser = window.fetch;
window.fetch = (url, options) => {
  window.fetched.push({ url, method: options.method, keepalive: options.keepalive, mode: options.mode });
  return fetchOfBrowser(url, options);
};
