/* server.js - a demo server of the test's own, on a port that the system picks. */
'use strict';
const { spawn } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const path = require('node:path');

const PASSWORD = { alice: 'alice-likes-tea', bob: 'bob-likes-coffee', admin: 'admin-sees-all' };

const running = new Set();
process.on('exit', () => running.forEach(child => child.kill()));      /* also when a test falls over */

/* Resolves when it listens. Passwords are hashed with few rounds: it is not their strength that is tested. */
async function startServer(...options) {
  const dir = mkdtempSync(path.join(process.env.OUT, 'server-'));
  const log = path.join(dir, 'log');
  const child = spawn('build/server', ['--port', '0', '--pbkdf2', '1000', '--log', log, ...options],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = new Promise(yes => child.once('close', yes));
  running.add(child);
  const port = await new Promise((yes, no) => {
    const look = text => {
      said += text;
      const address = /http:\/\/[^/]*:(\d+)\//.exec(said);
      if (address) yes(address[1]);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('error', no);
    ended.then(code => no(new Error(`build/server ended with ${code}: ${said}`)));
  });
  return {
    port, url: `http://127.0.0.1:${port}`,
    /* the security events so far, of one kind */
    events: kind => readFileSync(log, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line))
      .filter(entry => entry.event === kind),
    async stop() {
      child.kill();
      await ended;
      running.delete(child);
      rmSync(dir, { recursive: true });
    },
  };
}

module.exports = { startServer, PASSWORD };
