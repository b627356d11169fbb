/* client.js - a client of axios as articles about access and refresh tokens write it: one interceptor adds
   the access token; another, on 401, refreshes once, lets the other requests wait and repeats them all. */
'use strict';
const assert = require('node:assert/strict');
const { createHmac, randomBytes } = require('node:crypto');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const path = require('node:path');
const axios = require('axios');
const jwt = require('jsonwebtoken');
const { startServer, PASSWORD } = require('../js/server');
const { listen } = require('./parties');

/* ---- the client -------------------------------------------------------------------------------------- */

/* How the refresh token travels: three dialects of the same server. Each gives a request for (tokens). */
const dialects = {
  'refresh_token in the body': t => ['/auth/refresh', { refresh_token: t.refreshToken }],
  'POST /refresh_token':       t => ['/refresh_token', { refreshToken: t.refreshToken }],
  'POST /token with the user': t => ['/token', { username: t.username, refreshToken: t.refreshToken }],
  'the cookie':                t => ['/auth/refresh', {}, { headers: { Cookie: t.cookie } }],
};

function makeClient(url, dialect) {
  const client = axios.create({ baseURL: url, timeout: 10000, proxy: false });
  const state = { tokens: null, refreshes: 0, over: 0, client };
  let refreshing = false, waiting = [];

  state.keep = response => {
    const [cookie] = response.headers['set-cookie'] ?? [];
    state.tokens = { ...state.tokens, ...response.data, ...(cookie && { cookie: cookie.split(';')[0] }) };
  };
  state.login = async username =>
    state.keep(await client.post('/login', { username, password: PASSWORD[username], label: 'axios' }));
  state.refresh = async () => {
    state.refreshes++;
    state.keep(await client.post(...dialects[dialect](state.tokens)));
  };

  client.interceptors.request.use(config => {
    if (state.tokens) config.headers.Authorization = `Bearer ${state.tokens.accessToken}`;
    return config;
  });

  client.interceptors.response.use(response => response, async error => {
    const request = error.config;
    const mayHelp = error.response?.status === 401 && error.response.data.error === 'invalid_token';
    if (!mayHelp || request.repeated) throw error;
    request.repeated = true;
    if (refreshing) {
      await new Promise((yes, no) => waiting.push({ yes, no }));
      return client(request);
    }
    refreshing = true;
    try {
      await state.refresh();
      waiting.forEach(w => w.yes());
    } catch (problem) {
      state.over++;
      waiting.forEach(w => w.no(problem));
      throw problem;
    } finally {
      refreshing = false;
      waiting = [];
    }
    return client(request);
  });
  return state;
}

/* ---- what is asked of it and of the server ------------------------------------------------------------- */

const me = c => c.client.get('/test_jwt').then(r => r.data.claims);

/* Another signature for certain: the first character of it is exchanged for one it is not. */
const spoil = c => {
  const [header, claims, mac] = c.tokens.accessToken.split('.');
  c.tokens.accessToken = `${header}.${claims}.${mac[0] === 'A' ? 'B' : 'A'}${mac.slice(1)}`;
};
const refusal = (status, error) => e =>
  e.response?.status === status && e.response.data.error === error;

const bearer = (url, token) =>
  axios.get(url, { headers: { Authorization: `Bearer ${token}` }, proxy: false });

/* Waits until `seconds` have passed on the server's clock, which counts whole ones. */
const pass = seconds => new Promise(done => setTimeout(done, 1000 * seconds + 1100));

async function dialect(check, server, strict, name) {
  const open = async (where = server) => {
    const c = makeClient(where.url, name);
    await c.login('alice');
    return c;
  };
  await check(`axios, ${name}: a login opens the API`, async () => {
    assert.equal((await me(await open())).sub, 'alice');
  });
  /* Most of the twenty wait for one refresh. A 401 that arrives when it is over starts another, in this
     client as in the articles; the server's window makes that harmless. */
  await check(`axios, ${name}: twenty requests at once with a bad access token all succeed`, async () => {
    const c = await open();
    const before = c.tokens;
    spoil(c);
    const answers = await Promise.all(Array.from({ length: 20 }, () => me(c)));
    assert.ok(answers.every(a => a.sub === 'alice' && a.sid === before.sid));
    assert.ok(c.refreshes >= 1 && c.refreshes < 20, `${c.refreshes} refreshes`);
    assert.equal((await me(c)).sid, before.sid);
  });
  await check(`axios, ${name}: a chain of refreshes stays one session`, async () => {
    const c = await open(strict);
    const { sid } = c.tokens;
    const seen = new Set([c.tokens.refreshToken]);
    for (let i = 0; i < 5; i++) {
      await c.refresh();
      seen.add(c.tokens.refreshToken);
      assert.equal((await me(c)).sid, sid);
    }
    assert.equal(seen.size, 6);                  /* a server without a window renews each time */
  });
  await check(`axios, ${name}: after the logout nothing can be refreshed, and it is tried once`, async () => {
    const c = await open();
    await c.client.post('/logout', { refresh_token: c.tokens.refreshToken });
    await assert.rejects(me(c), refusal(401, 'invalid_grant'));
    assert.equal(c.refreshes, 1);
    assert.equal(c.over, 1);
  });
}

async function expiry(check) {
  const server = await startServer('--access', '12s', '--window', '1s');
  await check('axios: an access token that expired is renewed, and nobody notices', async () => {
    const c = makeClient(server.url, 'refresh_token in the body');
    await c.login('alice');
    const first = c.tokens;
    await pass(12);
    const answers = await Promise.all([me(c), me(c), me(c)]);
    assert.ok(answers.every(a => a.sub === 'alice' && a.sid === first.sid));
    assert.ok(c.refreshes >= 1);
    assert.notEqual(c.tokens.refreshToken, first.refreshToken);
  });
  await check('axios: an old refresh token ends the session of both holders', async () => {
    const owner = makeClient(server.url, 'refresh_token in the body');
    await owner.login('bob');
    const thief = makeClient(server.url, 'refresh_token in the body');
    thief.tokens = { ...owner.tokens };
    await pass(1);                               /* else the thief would get what the owner has */
    await owner.refresh();
    await pass(1);
    await assert.rejects(thief.refresh(), refusal(401, 'invalid_grant'));
    await assert.rejects(owner.refresh(), refusal(401, 'invalid_grant'));
    assert.equal(server.events('replay').length, 1);
  });
  await server.stop();
}

async function withoutQueue(check) {
  const server = await startServer('--window', '12s');
  await check('ten refreshes at once, by a client without a queue: one successor', async () => {
    const c = makeClient(server.url, 'refresh_token in the body');
    await c.login('bob');
    const { refreshToken, sid } = c.tokens;
    await pass(12);                              /* within the window of the login it is its own successor */
    const answers = await Promise.all(Array.from({ length: 10 }, () =>
      axios.post(`${server.url}/auth/refresh`, { refresh_token: refreshToken }, { proxy: false })));
    assert.deepEqual([...new Set(answers.map(a => a.status))], [201]);
    assert.equal(new Set(answers.map(a => a.data.refreshToken)).size, 1);
    assert.notEqual(answers[0].data.refreshToken, refreshToken);
    c.keep(answers[9]);
    await c.refresh();
    assert.equal((await me(c)).sid, sid);
  });
  await check('a refresh without any token is refused, and without a session too', async () => {
    const post = body => axios.post(`${server.url}/auth/refresh`, body, { proxy: false });
    await assert.rejects(post({}), refusal(401, 'invalid_grant'));
    const none = randomBytes(37).toString('base64url');
    await assert.rejects(post({ refresh_token: none }), refusal(401, 'invalid_grant'));
  });
  await server.stop();
}

/* Another service checks the server's access tokens: it has the access key, not the refresh key. */
async function otherService(check) {
  const data = mkdtempSync(path.join(process.env.OUT, 'data-'));
  const server = await startServer('--data', data);
  const master = readFileSync(path.join(data, 'secret'));
  const key = createHmac('sha256', master).update('tokenauth.h derive 1\0access').digest();
  const rules = { algorithms: ['HS256'], issuer: 'tokenauth-demo', audience: 'tokenauth-demo-api' };
  const c = makeClient(server.url, 'refresh_token in the body');
  await c.login('alice');

  await check('the access tokens of login and refresh are good for jsonwebtoken', async () => {
    for (let i = 0; i < 2; i++) {
      const { header, payload } = jwt.verify(c.tokens.accessToken, key, { ...rules, complete: true });
      assert.equal(header.typ, 'at+jwt');
      assert.equal(payload.sub, 'alice');
      assert.equal(payload.sid, c.tokens.sid);
      assert.equal(payload.exp - payload.iat, 900);
      await c.refresh();
    }
  });
  await check('the access tokens are good for another service: Express with passport-jwt', async () => {
    const app = await listen(rules, key);
    const ask = token => bearer(app.url + '/me', token);
    assert.equal((await ask(c.tokens.accessToken)).data.sub, 'alice');
    await assert.rejects(ask(c.tokens.refreshToken), e => e.response.status === 401);
    await app.end();
  });
  await check('the server takes what jsonwebtoken signs with its key and claims, nothing else', async () => {
    const { payload, header } = jwt.decode(c.tokens.accessToken, { complete: true });
    const ask = token => bearer(server.url + '/test_jwt', token);
    const sign = (claims, more) =>
      jwt.sign({ ...payload, ...claims }, key, { header: { ...header, ...more } });
    assert.equal((await ask(sign({}))).data.claims.sub, 'alice');
    for (const bad of [sign({ exp: payload.iat - 1 }), sign({ aud: 'other' }), sign({ iss: 'other' }),
      sign({}, { typ: 'JWT' }), jwt.sign(payload, master, { header }),
      jwt.sign(payload, '', { algorithm: 'none' }),
      jwt.sign(payload, Buffer.concat([key, key]), { algorithm: 'HS512', header: { typ: 'at+jwt' } })]) {
      await assert.rejects(ask(bad), refusal(401, 'invalid_token'));
    }
  });
  await server.stop();
  rmSync(data, { recursive: true });
}

module.exports = async check => {
  const server = await startServer('--window', '1m'), strict = await startServer('--window', '0');
  for (const name of Object.keys(dialects)) await dialect(check, server, strict, name);
  await server.stop();
  await strict.stop();
  await Promise.all([withoutQueue(check), expiry(check)]);       /* both do little but wait */
  await otherService(check);
};
