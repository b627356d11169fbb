/* tokens.js - every maker's tokens at every checker: the good ones give the same claims everywhere, the bad
   ones are refused everywhere, for the reason that they were made for. */
'use strict';
const assert = require('node:assert/strict');
const { generateKeyPairSync } = require('node:crypto');
const jwt = require('jsonwebtoken');
const { random } = require('../js/checks');
const {
  SECRET, OTHER, ISSUER, AUDIENCE, tool, base64url, handMade, makers, checkers, listen,
} = require('./parties');

const now = Math.floor(Date.now() / 1000);
/* an hour: no machine is so slow that what is good expires meanwhile, or what is early begins */
const base = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: now - 60, exp: now + 3600 };

/* ---- good ones -------------------------------------------------------------------------------------- */

const good = [
  ['plain', base],
  ['the audience among others', { ...base, aud: ['https://other.example', AUDIENCE] }],
  ['without iat', (({ iat, ...rest }) => rest)(base)],
  ['nbf in the past, a jti', { ...base, nbf: now - 5, jti: 'b1c2' }],
  ['exp with a fraction', { ...base, exp: now + 3600.5 }],
  ['a kid in the header', base, { kid: '2026-11' }],
  ['scopes, roles, nested objects', { ...base, scope: 'read write', realm: { roles: ['admin', 'auditor'] } }],
  ['texts of all kinds', { ...base, name: 'Zoë Łukasz 李 😀', quote: '"\\/\b\f\n\r\t', line: '\u2028\u007f' }],
  ['numbers of all kinds', { ...base, n: [0, -1, 1.5, 1e21, 5e-324, 9007199254740991, -9007199254740991] }],
  ['empty members', { ...base, a: {}, b: [], c: '', d: null, e: false }],
  ['three kilobytes', { ...base, pad: 'x'.repeat(2800) }],
];

/* ---- bad ones: [name, token, how each checker says it] ------------------------------------------------ */

const flip = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
const parts = (token, change) => {
  const p = token.split('.');
  change(p);
  return p.join('.');
};
const header = h => token => parts(token, p => { p[0] = base64url(JSON.stringify(h)); });
const claims = c => token => parts(token, p => { p[1] = base64url(JSON.stringify(c)); });
const withAlg = alg => header({ alg, typ: 'JWT' });
const bare = alg => token => parts(withAlg(alg)(token), p => { p[2] = ''; });

/* claims or options that a maker signs in good faith */
const wrong = [
  ['expired', { exp: now - 5 }, /TA_ERR_EXPIRED/, /jwt expired/],
  ['expired this second', { exp: now - 1 }, /TA_ERR_EXPIRED/, /jwt expired/],
  ['not valid yet', { nbf: now + 3000 }, /TA_ERR_EARLY/, /jwt not active/],
  ['another audience', { aud: 'https://other.example' }, /TA_ERR_AUDIENCE/, /jwt audience invalid/],
  ['an audience that only begins so', { aud: AUDIENCE + '.evil' }, /TA_ERR_AUDIENCE/, /jwt audience invalid/],
  ['no audience at all', { aud: undefined }, /TA_ERR_(AUDIENCE|MISSING)/, /jwt audience invalid/],
  ['another issuer', { iss: 'https://evil.example' }, /TA_ERR_ISSUER/, /jwt issuer invalid/],
  ['no issuer', { iss: undefined }, /TA_ERR_(ISSUER|MISSING)/, /jwt issuer invalid/],
];

/* what becomes of a good token on the way */
const forged = [
  ['a bit of the MAC', t => flip(t, t.lastIndexOf('.') + 1), /TA_ERR_SIGNATURE/, /invalid signature/],
  ['a bit of the claims', t => parts(t, p => { p[1] = flip(p[1], 9); }), /TA_ERR_SIGNATURE/, /./],
  ['another subject', claims({ ...base, sub: 'admin' }), /TA_ERR_SIGNATURE/, /invalid signature/],
  ['another header', header({ alg: 'HS256', typ: 'JWT', kid: 'x' }), /TA_ERR_SIGNATURE/, /invalid signature/],
  ['MAC cut short', t => t.slice(0, -4), /TA_ERR_/, /invalid signature/],
  ['no MAC', t => t.slice(0, t.lastIndexOf('.') + 1), /TA_ERR_/, /jwt signature is required/],
  ['two segments', t => t.slice(0, t.lastIndexOf('.')), /TA_ERR_FORMAT/, /jwt malformed/],
  ['four segments', t => t + '.AAAA', /TA_ERR_/, /jwt malformed/],
  ['alg none, no MAC', bare('none'), /TA_ERR_/, /jwt signature is required/],
  ['alg none, the old MAC', withAlg('none'), /TA_ERR_ALG/, /invalid/],
  ['alg None, no MAC', bare('None'), /TA_ERR_/, /./],
  ['alg nOnE, the old MAC', withAlg('nOnE'), /TA_ERR_ALG/, /./],
  ['alg HS512, the old MAC', withAlg('HS512'), /TA_ERR_ALG/, /invalid algorithm/],
  ['alg hs256, the old MAC', withAlg('hs256'), /TA_ERR_ALG/, /./],
];

const head = { alg: 'HS256', typ: 'JWT' };

/* signed as they should not be: with the right secret, by the other library or by hand */
function misSigned() {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const long = Buffer.concat([SECRET, SECRET]);
  return [
    ['HS384', jwt.sign(base, SECRET, { algorithm: 'HS384' }), /TA_ERR_ALG/, /invalid algorithm/],
    ['HS512', jwt.sign(base, long, { algorithm: 'HS512' }), /TA_ERR_ALG/, /invalid algorithm/],
    ['RS256', jwt.sign(base, rsa.privateKey, { algorithm: 'RS256' }), /TA_ERR_/, /invalid algorithm/],
    ['alg none, by their library', jwt.sign(base, '', { algorithm: 'none' }), /TA_ERR_/, /is required/],
    ['exp is a text', handMade(head, { ...base, exp: `${base.exp}` }), /TA_ERR_CLAIM/, /invalid exp value/],
    ['nbf is a text', handMade(head, { ...base, nbf: String(now) }), /TA_ERR_CLAIM/, /invalid nbf value/],
    ['the claims are no object', handMade(head, '"alice"'), /TA_ERR_/, /./],
    ['no alg', handMade({ typ: 'JWT' }, base), /TA_ERR_ALG/, /./],
    ['the header is no JSON', handMade('{alg:HS256}', base), /TA_ERR_JSON/, /./],
  ];
}

/* ---- where ours is stricter on purpose; the option that lets it pass ---------------------------------- */

const stricter = [
  ['no exp', handMade(head, { ...base, exp: undefined }), /TA_ERR_MISSING/, ['--allow-no-exp']],
  ['typ at+jwt', handMade({ ...head, typ: 'at+jwt' }, base), /TA_ERR_TYP/, ['--typ', 'at+jwt']],
  ['crit', handMade({ ...head, crit: ['b64'], b64: true }, base), /TA_ERR_CRIT/],
  ['a claim twice', handMade(head, JSON.stringify(base).replace('{', '{"sub":"admin",')), /TA_ERR_DUPLICATE/],
  ['alg twice', handMade('{"alg":"none","alg":"HS256"}', base), /TA_ERR_DUPLICATE/],
];

/* ---- claims that nobody thought of ------------------------------------------------------------------- */

function anyValue(pick, depth) {
  const texts = ['', 'a', 'é', '😀', '\u0000x'.slice(1), '"', '\\u0041', '</script>', ' '];
  switch (pick(depth > 0 ? 8 : 6)) {
    case 0: return null;
    case 1: return pick(2) === 1;
    case 2: return pick(4294967296) - 2147483648;
    case 3: return (pick(4294967296) - 2147483648) / (1 + pick(1000));
    case 4: return texts[pick(texts.length)] + texts[pick(texts.length)];
    case 5: return String.fromCodePoint(1 + pick(0xD7FF)) + String.fromCodePoint(0x10000 + pick(0xFFFFF));
    case 6: return Array.from({ length: pick(4) }, () => anyValue(pick, depth - 1));
    default: return Object.fromEntries(Array.from({ length: pick(4) },
      (_, i) => [`m${i}${texts[pick(texts.length)]}`, anyValue(pick, depth - 1)]));
  }
}

async function roundTrips(maker, checker, seed, times) {
  const pick = random(seed);
  for (let i = 0; i < times; i++) {
    const claims = { ...base, any: anyValue(pick, 3), more: anyValue(pick, 2) };
    const got = await checkers[checker](await makers[maker](claims));
    assert.deepEqual(got, claims, `number ${i}`);
  }
}

/* ---- all of it --------------------------------------------------------------------------------------- */

module.exports = async check => {
  const app = await listen();
  const ask = (checker, token, more) => checkers[checker](token, checker === 'express' ? app.url : more);
  const refuses = (by, name, token, ours, theirs) => check(`${by} refuses: ${name}`, async () => {
    const bad = await token();
    await assert.rejects(ask(by, bad), e => {
      assert.match(e.message, by === 'ours' ? ours : theirs);
      if (by === 'express') assert.match(e.message, /^401 /);
      return true;
    });
  });
  const all = Object.keys(checkers);

  for (const by of all) {
    for (const of of Object.keys(makers)) {
      for (const [name, claims, opts] of good) {
        await check(`${by} takes a token of ${of}: ${name}`, async () =>
          assert.deepEqual(await ask(by, await makers[of](claims, opts)), claims));
      }
      for (const [name, change, ours, theirs] of wrong) {
        await refuses(by, `${name} (of ${of})`, () =>
          makers[of](JSON.parse(JSON.stringify({ ...base, ...change }))), ours, theirs);
      }
      await refuses(by, `another secret (of ${of})`, () => makers[of](base, { secret: OTHER }),
        /TA_ERR_SIGNATURE/, /invalid signature/);
      for (const [name, change, ours, theirs] of forged) {
        await refuses(by, `${name} (of ${of})`, async () => change(await makers[of](base)), ours, theirs);
      }
    }
    for (const [name, token, ours, theirs] of misSigned()) {
      await refuses(by, name, async () => token, ours, theirs);
    }
  }

  for (const [name, token, why, option] of stricter) {
    await refuses('ours', `${name}, which jsonwebtoken lets pass`, async () => token, why);
    if (option) {
      await check(`ours takes with ${option[0]}: ${name}`, async () =>
        assert.equal((await ask('ours', token, option)).sub, 'alice'));
    }
  }

  await check('a leeway lets both take a token that has just expired', async () => {
    const late = { ...base, exp: Math.floor(Date.now() / 1000) - 20 };
    for (const maker of Object.values(makers)) {
      const token = await maker(late);
      assert.deepEqual(await ask('ours', token, ['--leeway', '60s']), late);
      assert.deepEqual(jwt.verify(token, SECRET, { algorithms: ['HS256'], clockTolerance: 60 }), late);
    }
  });
  await check('the text of a public key is no secret', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    return assert.rejects(tool(['sign', '--secret', 'env:KEY'], { secret: 'raw:' + pem }), { status: 2 });
  });
  await check('our default exp and iat are what jsonwebtoken expects', async () => {
    const claims = jwt.verify(await tool(['sign', '--secret', 'env:KEY', '--sub', 'bob']), SECRET);
    assert.equal(claims.exp - claims.iat, 900);
    assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 30);
  });
  for (const [of, by] of [['ours', 'jsonwebtoken'], ['jsonwebtoken', 'ours']]) {
    await check(`100 tokens with any claims, from ${of} to ${by}`, () => roundTrips(of, by, 7, 100));
  }
  await app.end();
};
