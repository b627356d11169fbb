/* visitor.js - a visitor of the demo page: a browser profile of its own, with one tab or more. */
'use strict';
const path = require('node:path');
const { chromium } = require('playwright-core');
const { PASSWORD } = require('../js/server');

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
  '--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'];

const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: FLAGS,
  timeout: 120000 });

/* What a browser logs about an answer that is no 2xx, or about none at all; everything else is a defect. */
const EXPECTED = /^Failed to load resource: (.* status of (401|403|429|503)|net::ERR_)/;

class Visitor {
  constructor(context, url) {
    this.context = context;
    this.url = url;
    this.problems = [];
    this.requests = [];                         /* of all tabs: { method, path, status } as they end */
  }

  /* clock: the time of the pages can be moved on, page.clock; it runs by itself until then. */
  static async arrive(browser, server, { login, label, clock, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    context.setDefaultTimeout(60000);
    if (clock) await context.clock.install();
    const visitor = new Visitor(context, server.url);
    await visitor.tab();
    if (login) await visitor.login(login, { label });
    return visitor;
  }

  /* One more tab; the first is `page`. Ready when the page knows whether it is logged in. */
  async tab() {
    const page = await this.context.newPage();
    this.page ??= page;
    page.on('pageerror', e => this.problems.push(e.message));
    page.on('console', m => {
      if (m.type() === 'error' && !EXPECTED.test(m.text())) this.problems.push(m.text());
    });
    page.on('response', r => this.requests.push({ method: r.request().method(), status: r.status(),
      path: new URL(r.url()).pathname }));
    await page.goto(this.url);
    await page.locator('#login:not([hidden]), #inside:not([hidden])').first().waitFor();
    return page;
  }

  async login(user, { label, password = PASSWORD[user], page = this.page } = {}) {
    await page.getByLabel('User name').fill(user);
    await page.getByLabel('Password').fill(password);
    if (label) await page.getByLabel('Name of this device').fill(label);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await inside(page, user);
  }

  /* How often a request was answered so. */
  count(method, pathname, status) {
    return this.requests.filter(r =>
      r.method === method && r.path === pathname && r.status === status).length;
  }

  shot(name, page = this.page) {
    return page.screenshot({ path: path.join(process.env.OUT, `${name}.png`), fullPage: true });
  }

  /* Leaves, and complains of what went wrong unseen. */
  async leave() {
    await this.context.close();
    if (this.problems.length) throw new Error(`the browser said: ${this.problems.join('\n')}`);
  }
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const inside = (page, user) => page.locator('#inside:not([hidden])').waitFor()
  .then(() => page.locator('#user', { hasText: new RegExp(`^${user}$`) }).waitFor());
const outside = page => page.locator('#login:not([hidden])').waitFor();
const timeline = (page, text) => page.locator('#timeline li', { hasText: text });
const told = (page, text) => timeline(page, text).first().waitFor();

/* The access token as the page shows it, in its three parts. */
const shownToken = page => page.locator('#token').innerText().then(text => text.replace(/\s/g, ''));

/* Waits until the server's window after what happened last is over; its clock counts whole seconds. */
const windowOver = (page, seconds) => page.waitForFunction(t => Date.now() > t,
  Date.now() + 1000 * (seconds + 1));

module.exports = { Visitor, launch, press, inside, outside, timeline, told, shownToken, windowOver };
