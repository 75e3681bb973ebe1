stick.vitals(webVitals, document.currentScript.dataset.beacon);
