/* checks.js - what the JavaScript tests share: checks with a name and a time limit, the sum at the end,
   and a demo server of their own on a port that the system picks. */
'use strict';
const { spawn } = require('node:child_process');

let passed = 0, failed = 0;

/* Runs fn; it passes unless it throws or takes longer than `limit` seconds. */
async function check(name, fn, limit = 240) {
  const start = Date.now();
  let timer;
  const late = new Promise((_, no) => {
    timer = setTimeout(() => no(new Error(`no result after ${limit} s`)), 1000 * limit);
  });
  try {
    await Promise.race([fn(), late]);
    passed++;
    if (process.env.VERBOSE) console.log(`ok ${name}  (${Date.now() - start} ms)`);
  } catch (e) {
    failed++;
    console.log(`FAILED ${name}\n    ${String(e && e.stack || e).split('\n').slice(0, 12).join('\n    ')}`);
  } finally {
    clearTimeout(timer);
  }
}

/* Prints the sum; fewer checks than `least` means that some did not run at all. */
function finish(name, least) {
  if (passed + failed < least) {
    failed++;
    console.log(`FAILED only ${passed + failed - 1} checks ran; there are ${least}`);
  }
  console.log(`${name}: ${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);                 /* whatever a failed check left open */
}

/* Numbers that look random and are the same in each run. */
function random(seed) {
  let x = seed >>> 0 || 1;
  return n => {
    x ^= x << 13; x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;  x >>>= 0;
    return x % n;
  };
}

module.exports = { check, finish, random };
