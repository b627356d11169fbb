/* parties.js - who makes tokens and who checks them. A maker gives a token for (claims, options); a checker
   gives the claims, or throws an Error whose message says why it refuses. */
'use strict';
const { execFile } = require('node:child_process');
const { createHmac } = require('node:crypto');
const express = require('express');
const jwt = require('jsonwebtoken');
const passport = require('passport');
const { Strategy, ExtractJwt } = require('passport-jwt');

const SECRET = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');
const OTHER  = Buffer.alloc(32, 0xa5);
const ISSUER = 'https://id.example', AUDIENCE = 'https://api.example';

/* The command line tool: its output, or an Error with the names of the failed checks. */
function tool(args, { secret = SECRET, input = '' } = {}) {
  return new Promise((yes, no) => {
    const env = { ...process.env, KEY: Buffer.isBuffer(secret) ? 'hex:' + secret.toString('hex') : secret };
    const child = execFile('build/tokenauth', args, { env }, (e, out, err) => {
      if (e) no(Object.assign(new Error(err.trim() || e.message), { status: e.code }));
      else yes(out.trimEnd());
    });
    child.stdin.on('error', () => {});          /* a tool that refuses early does not read on */
    child.stdin.end(input);
  });
}

const base64url = value => Buffer.from(value).toString('base64url');

/* A token by hand: any header and any payload, also what no library would sign. */
function handMade(header, payload, secret = SECRET) {
  const text = v => typeof v === 'string' ? v : JSON.stringify(v);
  const signed = base64url(text(header)) + '.' + base64url(text(payload));
  return signed + '.' + createHmac('sha256', secret).update(signed).digest('base64url');
}

const makers = {
  async ours(claims, { secret, kid } = {}) {
    const args = ['sign', '--secret', 'env:KEY', '--json', '-', '--no-exp', '--no-iat'];
    if (kid) args.push('--kid', kid);
    return tool(args, { secret, input: JSON.stringify(claims) });
  },
  async jsonwebtoken(claims, { secret = SECRET, kid } = {}) {
    const noTimestamp = claims.iat === undefined;
    return jwt.sign(claims, secret, { algorithm: 'HS256', noTimestamp, ...(kid && { keyid: kid }) });
  },
};

const THEIR_RULES = { algorithms: ['HS256'], issuer: ISSUER, audience: AUDIENCE };

/* The usual Express application with one protected address; resolves to its base URL and a way to end it. */
function listen(rules = THEIR_RULES, secret = SECRET) {
  const app = express(), guard = new passport.Passport();
  guard.use(new Strategy({ ...rules, secretOrKey: secret,
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken() }, (claims, done) => done(null, claims)));
  app.get('/me', (req, res, next) => guard.authenticate('jwt', { session: false }, (e, user, info) => {
    if (e || !user) return res.status(401).json({ why: String(e || info && info.message) });
    res.json(user);
  })(req, res, next));
  return new Promise(yes => {
    const server = app.listen(0, '127.0.0.1', () => yes({
      url: `http://127.0.0.1:${server.address().port}`,
      end: () => new Promise(done => { server.closeAllConnections(); server.close(done); }),
    }));
  });
}

const checkers = {
  async ours(token, more = []) {
    const args = ['verify', '--secret', 'env:KEY', '--iss', ISSUER, '--aud', AUDIENCE, ...more];
    return JSON.parse(await tool(args, { input: token }));
  },
  async jsonwebtoken(token) { return jwt.verify(token, SECRET, THEIR_RULES); },
  async express(token, url) {
    const r = await fetch(url + '/me', { headers: { Authorization: `Bearer ${token}` } });
    const body = await r.json();
    if (r.status !== 200) throw new Error(`${r.status} ${body.why}`);
    return body;
  },
};

module.exports = { SECRET, OTHER, ISSUER, AUDIENCE, tool, base64url, handMade, makers, checkers, listen };
