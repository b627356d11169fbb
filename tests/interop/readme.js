/* readme.js - the script that README.md gives to a page, run as it stands there, in a browser of few parts. */
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { webcrypto } = require('node:crypto');

const readme = fs.readFileSync(path.join(__dirname, '../../README.md'), 'utf8');
const script = /^```js\n([^]*?)^```/m.exec(readme);

/* One page; `answer` is what the server does with each request. Pages of one browser share storage and locks. */
function browser(answer) {
  const kept = {}, requests = [];
  let queue = Promise.resolve(), time = 1800000000000;
  const locks = { request: (name, fn) => (queue = queue.catch(() => {}).then(fn)) };
  const storage = new Proxy(kept, {
    get: (o, name) => name === 'removeItem' ? key => { delete o[key]; } : o[name],
  });
  const page = () => {
    const clock = class extends Date { static now() { return time; } };
    const global = {
      navigator: { locks }, localStorage: storage, location: { href: '/app' }, crypto: webcrypto, btoa, Date: clock,
      fetch: async (url, o) => { requests.push({ url, ...o });  return answer(requests.length); },
    };
    vm.runInNewContext(`${script[1]}\nglobalThis.token = token;`, global);
    return global;
  };
  return { page, requests, kept, wait: ms => { time += ms; } };
}

const reply = (status, body) => ({
  status, ok: status === 200, headers: { get: name => name === 'Retry-After' ? '2' : null }, json: async () => body,
});
const good = n => reply(200, { access_token: `access-${n}`, token_type: 'Bearer', expires_in: 900 });

module.exports = async check => {
  await check('README: one request for many callers, and again only shortly before the end', async () => {
    const b = browser(good), p = b.page();
    assert.deepEqual(await Promise.all([p.token(), p.token(), p.token()]), ['access-1', 'access-1', 'access-1']);
    b.wait(869000);
    assert.equal(await p.token(), 'access-1');
    b.wait(2000);
    assert.equal(await p.token(), 'access-2');
    assert.equal(b.requests.length, 2);
    assert.equal(b.requests[0].method, 'POST');
    assert.equal(b.requests[0].url, '/refresh');
  });
  await check('README: each token is asked for with a retry key of its own, 16 bytes', async () => {
    const b = browser(good), p = b.page(), q = b.page();
    await p.token();
    await q.token();
    const keys = b.requests.map(r => r.headers['Retry-Key']);
    assert.notEqual(keys[0], keys[1]);
    for (const key of keys) {
      assert.match(key, /^[A-Za-z0-9_-]{22}$/);
      assert.equal(Buffer.from(key, 'base64url').toString('base64url'), key);   /* no bit to spare */
    }
    assert.deepEqual(b.kept, {});
  });
  await check('README: a lost answer and a 503 are asked for again with the same key, by another page too', async () => {
    const b = browser(n => {
      if (n === 1) throw new TypeError('the network is gone');
      return n === 2 ? reply(503) : good(n);
    });
    const p = b.page();
    await assert.rejects(p.token(), /network is gone/);
    await assert.rejects(p.token(), /try again in 2/);
    assert.equal(await b.page().token(), 'access-3');
    const keys = b.requests.map(r => r.headers['Retry-Key']);
    assert.deepEqual([keys[1], keys[2]], [keys[0], keys[0]]);
  });
  await check('README: a 401 leads to the login', async () => {
    const b = browser(() => reply(401)), p = b.page();
    assert.equal(await p.token(), null);
    assert.equal(p.location.href, '/login');
  });
};
