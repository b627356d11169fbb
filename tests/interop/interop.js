/* interop.js - tokens go back and forth between build/tokenauth and the packages that most servers check
   theirs with: jsonwebtoken, and passport-jwt inside Express. Then a client of axios, with the interceptors
   that are usual, talks to the demo server; and the page script of README.md, to a server of its own kind. */
'use strict';
const { check, finish } = require('../js/checks');

(async () => {
  await require('./tokens')(check);
  await require('./client')(check);
  await require('./readme')(check);
  finish('interop', 270);
})();
