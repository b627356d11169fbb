/* interop.js - tokens go back and forth between build/tokenauth and the packages that most servers check
   theirs with: jsonwebtoken, and passport-jwt inside Express. Then a client of axios, with the interceptors
   that are usual, talks to the demo server. */
'use strict';
const { check, finish } = require('../js/checks');

(async () => {
  await require('./tokens')(check);
  await require('./client')(check);
  finish('interop', 265);
})();
