/* interop.js - tokens go back and forth between build/tokenauth and the packages that most servers check
   theirs with: jsonwebtoken, and passport-jwt inside Express. */
'use strict';
const { check, finish } = require('../js/checks');

(async () => {
  await require('./tokens')(check);
  finish('interop', 200);
})();
