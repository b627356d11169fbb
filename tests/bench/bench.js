'use strict';
// bench.js - the second half of `make bench-peers`: the JWT packages of npm, with the tokens that make bench has
// left in build/bench/tokens.tsv, in turn with node's own HMAC. Adds its rows to build/bench/results.tsv; they
// come from the same run on the same machine, so their time is set against the floor measured there.
//
// Every one is used as its manual says for speed: keys and verifiers made once, caches off.

const fs = require('fs'), path = require('path'), crypto = require('crypto');
const { pathToFileURL } = require('url');

const results = path.join(process.env.OUT, 'results.tsv');
const SECONDS = process.env.QUICK ? 1 : 12;
const read = (file) => fs.readFileSync(path.join(process.env.OUT, file), 'utf8').trim().split('\n').map((l) => l.split('\t'));

async function packages(secret, now) {
  const jsonwebtoken = require('jsonwebtoken'), fast = require('fast-jwt');
  const jose = await import(pathToFileURL(require.resolve('jose')));
  const key = crypto.createSecretKey(secret);
  const web = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
  const fastSign = fast.createSigner({ key: secret, noTimestamp: true });
  const fastVerify = fast.createVerifier({ key: secret, cache: false, clockTimestamp: now * 1000, algorithms: ['HS256'] });
  return {
    'jsonwebtoken': {
      sign: (t) => jsonwebtoken.sign(t.claims, key, { algorithm: 'HS256', noTimestamp: true }),
      verify: (t) => jsonwebtoken.verify(t.token, key, { algorithms: ['HS256'], clockTimestamp: now }),
    },
    'fast-jwt': { sign: (t) => fastSign(t.claims), verify: (t) => fastVerify(t.token) },
    'jose (npm)': {
      sign: (t) => new jose.SignJWT(t.claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(web),
      verify: async (t) => (await jose.jwtVerify(t.token, web, { currentDate: new Date(now * 1000) })).payload,
    },
  };
}

const rows = [];

function addRows(name, peer, tokens) {
  for (const t of tokens) {
    rows.push({ group: `jwt, ${name}`, name: `verify ${t.name}`, token: t.name, ns: [],
                run: () => peer.verify(t), good: (got) => got.sub === t.claims.sub });
    rows.push({ group: `jwt, ${name}`, name: `sign ${t.name}`, token: t.name, ns: [],
                run: () => peer.sign(t), good: (got) => got.split('.').length === 3 });
  }
}

async function batch(row, n) {
  const start = process.hrtime.bigint();
  let got;
  for (let i = 0; i < n; i++) { got = row.run();  if (got instanceof Promise) got = await got; }
  const ns = Number(process.hrtime.bigint() - start) / n;
  if (!row.good(got)) row.wrong = true;
  return ns;
}

const median = (v) => v.sort((a, b) => a - b)[v.length >> 1];

async function main() {
  const tokens = read('tokens.tsv').map(([name, secret, now, token, signed, json]) =>
    ({ name, secret, now: +now, token, signed: +signed, claims: JSON.parse(json) }));
  const secret = Buffer.from(tokens[0].secret, 'latin1');
  const floors = Object.fromEntries(read('results.tsv').filter((r) => r[0] === 'jwt, default' && r[1].startsWith('floor '))
    .map((r) => [r[1].slice(6), +r[2]]));
  for (const t of tokens) {
    rows.push({ group: 'raw HMAC, node', name: `HMAC ${t.name}`, token: t.name, ns: [], good: (got) => got.length === 32,
                run: () => crypto.createHmac('sha256', secret).update(t.token.slice(0, t.signed)).digest() });
  }
  for (const [name, peer] of Object.entries(await packages(secret, tokens[0].now))) addRows(name, peer, tokens);
  for (const row of rows) {                             // long enough for the compiler in node to be done
    for (let ns = await batch(row, 200), i = 0; i < 5; i++) { ns = await batch(row, 400);  row.batch = Math.max(1, Math.round(2e5 / ns)); }
  }
  const end = Date.now() + 1000 * SECONDS;
  do for (const row of rows) row.ns.push(await batch(row, row.batch)); while (Date.now() < end);
  let wrong = 0, group = '';
  for (const row of rows) {
    const best = Math.min(...row.ns), middle = median(row.ns), ratio = middle / floors[row.token];
    if (row.group !== group) console.log(`\n  ${(group = row.group).padEnd(34)}    median ns     best ns       ratio`);
    console.log(`  ${row.name.padEnd(34)} ${middle.toFixed(1).padStart(12)} ${best.toFixed(1).padStart(11)} ${ratio.toFixed(2).padStart(9)} x` +
                (row.wrong ? '  WRONG RESULT' : ''));
    if (row.wrong) wrong++;
    fs.appendFileSync(results, [row.group, row.name, middle.toFixed(2), best.toFixed(2), ratio.toFixed(4), `floor ${row.token}`, '0.00', ''].join('\t') + '\n');
  }
  console.log(`\nbench: ${rows.length - wrong} passed, ${wrong} failed`);
  process.exitCode = wrong > 0 ? 1 : 0;
}

main().catch((e) => { console.log(`FAILED ${e.stack}`);  console.log('bench: 0 passed, 1 failed');  process.exitCode = 1; });
