/* web.js - the demo page in a browser: everything it promises, seen from outside. Screenshots are kept in
   build/web. Nothing here waits for a while; each wait is for something that must come. Names of parts as
   arguments run those parts alone. */
'use strict';
const { rmSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { check, finish } = require('../js/checks');
const { startServer } = require('../js/server');
const { launch } = require('./visitor');

(async () => {
  for (const name of readdirSync(process.env.OUT)) {
    if (name.endsWith('.png')) rmSync(path.join(process.env.OUT, name));
  }
  const browser = await launch();
  const servers = [];
  const serve = async (...options) => {
    const server = await startServer(...options);
    servers.push(server);
    return server;
  };
  /* Each part has servers of its own; most of the time is spent on waiting for a window to close. */
  const wanted = process.argv.slice(2);
  const inTurn = async parts => {
    for (const part of parts.filter(name => !wanted.length || wanted.includes(name))) {
      await require(`./${part}`)(check, browser, serve);
    }
  };
  try {
    await Promise.all([inTurn(['losses', 'login']), inTurn(['tokens', 'attacks', 'looks']),
      inTurn(['tabs', 'thief', 'devices'])]);
  } finally {
    await browser.close();
    for (const server of servers) await server.stop();
  }
  finish('web', wanted.length ? 1 : 45);
})();
