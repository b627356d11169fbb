'use strict';
// bench.js - the second half of `make bench-peers`: the JWT packages of npm, with the tokens that make bench
// has left in build/bench/tokens.tsv, in turn with node's own HMAC. Adds its rows to build/bench/results.tsv;
// they come from the same run on the same machine, so their time is set against the floor measured there.
//
// Each is used as its manual says for speed: keys and verifiers made once; caches off.

const fs = require('fs'), path = require('path'), crypto = require('crypto');
const { pathToFileURL } = require('url');

const in_out = (file) => path.join(process.env.OUT, file);
const lines = (file) => fs.readFileSync(in_out(file), 'utf8').trim().split('\n').map((l) => l.split('\t'));
const SECONDS = process.env.QUICK ? 1 : 12;
const BATCH_NS = 2e5;
const rows = [];

async function packages(secret, now) {
  const jsonwebtoken = require('jsonwebtoken'), fast = require('fast-jwt');
  const jose = await import(pathToFileURL(require.resolve('jose')));
  const key = crypto.createSecretKey(secret);
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const web = await crypto.subtle.importKey('raw', secret, hmac, false, ['sign', 'verify']);
  const fastSign = fast.createSigner({ key: secret, noTimestamp: true });
  const fastVerify = fast.createVerifier({ key: secret, cache: false, clockTimestamp: now * 1000,
                                           algorithms: ['HS256'] });
  const currentDate = new Date(now * 1000);
  return {
    'jsonwebtoken (npm)': {
      sign: (t) => jsonwebtoken.sign(t.claims, key, { algorithm: 'HS256', noTimestamp: true }),
      verify: (t) => jsonwebtoken.verify(t.token, key, { algorithms: ['HS256'], clockTimestamp: now }),
    },
    'fast-jwt (npm)': { sign: (t) => fastSign(t.claims), verify: (t) => fastVerify(t.token) },
    'jose (npm)': {
      sign: (t) => new jose.SignJWT(t.claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(web),
      verify: async (t) => (await jose.jwtVerify(t.token, web, { currentDate })).payload,
    },
  };
}

function addRows(group, what, tokens, run, good) {
  for (const t of tokens)
    rows.push({ group, token: t.name, ns: [], run: () => run(t), good: (got) => good(got, t),
                name: `${what} ${t.name}` });
}

async function batch(row, n) {
  const start = process.hrtime.bigint();
  let got;
  for (let i = 0; i < n; i++) {
    got = row.run();
    if (got instanceof Promise) got = await got;
  }
  const ns = Number(process.hrtime.bigint() - start) / n;
  if (!row.good(got)) row.wrong = true;
  return ns;
}

async function measure() {
  for (const row of rows)                               // long enough for node's compiler to be done
    for (let i = 0; i < 5; i++) row.batch = Math.max(1, Math.round(BATCH_NS / await batch(row, 400)));
  const end = Date.now() + 1000 * SECONDS;
  do {
    for (const row of rows) row.ns.push(await batch(row, row.batch));
  } while (Date.now() < end);
}

function print(floors) {
  let group = '';
  for (const row of rows) {
    const ns = row.ns.sort((a, b) => a - b), median = ns[ns.length >> 1], ratio = median / floors[row.token];
    const column = (v, digits, width) => v.toFixed(digits).padStart(width);
    if (row.group !== group) console.log(`\n  ${row.group.padEnd(37)}median ns     best ns       ratio`);
    group = row.group;
    console.log(`  ${row.name.padEnd(34)}${column(median, 1, 12)}` +
                `${column(ns[0], 1, 12)}${column(ratio, 2, 10)} x` + (row.wrong ? '  WRONG RESULT' : ''));
    fs.appendFileSync(in_out('results.tsv'), [row.group, row.name, median.toFixed(2), ns[0].toFixed(2),
      ratio.toFixed(4), `floor ${row.token}`, '0.00', ''].join('\t') + '\n');
  }
}

async function main() {
  const tokens = lines('tokens.tsv').map(([name, secret, now, token, signed, json]) =>
    ({ name, secret, now: +now, token, signed: token.slice(0, +signed), claims: JSON.parse(json) }));
  const secret = Buffer.from(tokens[0].secret, 'latin1');
  const floors = {};
  for (const [group, name, ns] of lines('results.tsv'))
    if (group === 'jwt, default' && name.startsWith('floor ')) floors[name.slice(6)] = +ns;

  addRows('raw HMAC, node', 'HMAC', tokens,
          (t) => crypto.createHmac('sha256', secret).update(t.signed).digest(), (got) => got.length === 32);
  for (const [name, peer] of Object.entries(await packages(secret, tokens[0].now))) {
    addRows(`jwt, ${name}`, 'verify', tokens, peer.verify, (got, t) => got.sub === t.claims.sub);
    addRows(`jwt, ${name}`, 'sign', tokens, peer.sign, (got) => got.split('.').length === 3);
  }
  await measure();
  print(floors);
  const wrong = rows.filter((r) => r.wrong).length;
  console.log(`\nbench: ${rows.length - wrong} passed, ${wrong} failed`);
  process.exitCode = wrong > 0 ? 1 : 0;
}

main().catch((e) => {
  console.log(`FAILED ${e.stack}`);
  console.log('bench: 0 passed, 1 failed');
  process.exitCode = 1;
});
