// As the seed's readers wrote it: in a page of their own, by hand, and here twice.
stick.send(document.currentScript.dataset.beacon);
stick.send(document.currentScript.dataset.beacon);
