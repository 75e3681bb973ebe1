// The seed's lines; `get` has boomerang ask for a picture instead.
BOOMR.init({
  beacon_url: document.currentScript.dataset.beacon,
  beacon_type: location.search.includes("get") ? "GET" : "AUTO",
});
BOOMR.addVar("client", "boomerang");
