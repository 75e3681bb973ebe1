// A browser in which too much is waiting to be sent.
navigator.sendBeacon = () => false;
