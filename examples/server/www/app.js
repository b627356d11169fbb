/* app.js - the client of the demo server: what a page does with an access token and a refresh token.
   FIND   >>page  >>timeline  >>wire  >>session  >>api  >>tabs  >>views  >>try  >>thief  >>start

   The access token is in a variable of this module and nowhere else. The refresh token is in a cookie that
   no script can read. What is stored (localStorage) is a retry key at most: worth nothing by itself.
   All text from outside goes into the page as textContent, never as HTML. */

/* ============================================================================
   >>page        short words for the document
   ========================================================================== */

const $ = id => document.getElementById(id);

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);                   /* a string becomes text, never markup */
  return node;
}

const wait = ms => new Promise(done => setTimeout(done, ms));
const two = n => String(n).padStart(2, '0');
const clock = (d = new Date()) => `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
const times = n => n === 1 ? 'once' : `${n} times`;
const short = text => text.length > 20 ? `${text.slice(0, 10)}…${text.slice(-6)}` : text;

/* 75 → "1:15 min"; below a minute "15 s"; over an hour and over a day in the largest unit */
function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)}:${two(Math.floor(s % 3600 / 60))} h`;
  return `${Math.round(s / 86400)} days`;
}

/* ============================================================================
   >>timeline    who did what; the newest stands on top
   ========================================================================== */

const MOST = 200;

/* who: You, Page, Server, Thief, Tab.  outcome: '', 'good', 'bad'.  detail: one line in the server's words */
function tell(who, text, { outcome = '', detail = '' } = {}) {
  const list = $('timeline');
  const item = make('li', `by-${who.toLowerCase()} ${outcome}`,
    make('span', 'when', clock()), make('strong', 'actor', who), make('span', 'text', text));
  if (detail) item.append(make('code', 'detail', detail));
  list.prepend(item);
  while (list.children.length > MOST) list.lastChild.remove();
  $('latest').textContent = `${who}: ${text}`;
  $('latest').hidden = false;
}

/* ============================================================================
   >>wire        one request and its answer; null: there was no answer
   ========================================================================== */

async function ask(method, path, { token, body, headers = {}, cookie = true } = {}) {
  const head = { ...headers };
  if (method === 'POST') head['Content-Type'] = 'application/json';
  if (token) head.Authorization = `Bearer ${token}`;
  let response, content;
  try {
    response = await fetch(path, {
      method, headers: head, cache: 'no-store', redirect: 'error',
      credentials: cookie ? 'same-origin' : 'omit',
      body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
    });
    content = await response.json() ?? {};
  } catch {
    return null;                              /* half an answer is none */
  }
  const { status, ok } = response;
  const said = [`${method} ${path} → ${status}`, content.error, content.reason].filter(Boolean).join(' ');
  return { status, ok, said, body: content, retryAfter: Number(response.headers.get('Retry-After')) || 0 };
}

const retryLater = answer => answer === null || answer.status === 503 || answer.status === 429;

/* ============================================================================
   >>session     the access token, and how the next one is got
   ========================================================================== */

class Over extends Error {}                   /* the session is over: only a login helps */
class Later extends Error {}                  /* nobody knows: the token may still be good */

let access = null;                            /* { token, user, roles, until, life, idleUntil } */
let renewal = null;                           /* the refresh under way, shared by all who wait for it */
let renewals = 0;
let debug = null;                             /* what GET /debug said: { windowS, ... } or null */

/* 16 random bytes that are stored BEFORE the refresh token is spent, and are repeated until an answer came,
   be it after a crash: then the server can give a lost answer once more. */
const RETRY = 'tokenauth retry key';

function retryKey() {
  let key = localStorage.getItem(RETRY);
  if (!key || !/^[\w-]{22}$/.test(key)) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    key = btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').slice(0, 22);
    localStorage.setItem(RETRY, key);
  }
  return key;
}

const answered = () => localStorage.removeItem(RETRY);

/* One tab at a time spends the token. Where there are no locks, the server's window forgives two. */
const alone = job => navigator.locks ? navigator.locks.request('tokenauth refresh', job) : job();

function adopt(pair) {
  const now = Date.now();
  access = {
    token: pair.accessToken, user: pair.username, roles: pair.roles ?? [],
    until: now + 1000 * pair.expiresIn, life: 1000 * pair.expiresIn,
    idleUntil: now + 1000 * pair.refreshExpiresIn,
  };
  answered();
}

/* Spends the refresh token. The cookie goes along by itself, so each attempt carries what is current. */
async function refresh() {
  let unknownKey = 0;
  for (let attempt = 1; ; attempt++) {
    const answer = await ask('POST', '/auth/refresh', { headers: { 'Refresh-Retry-Key': retryKey() } });
    if (answer?.ok) {
      adopt(answer.body);
      return answer;
    }
    if (answer?.status === 401 && (answer.body.client !== 'keep' || ++unknownKey > 1)) {
      answered();
      throw new Over(answer.said);
    }
    if (!retryLater(answer) && answer.status !== 401) throw new Later(answer.said);
    if (attempt === 4) throw new Later(answer ? answer.said : 'no answer');
    tell('Page', 'No good answer. It asks again, with the same retry key.',
      { outcome: 'bad', detail: answer ? answer.said : 'POST /auth/refresh → no answer' });
    await wait(1000 * (answer?.retryAfter || attempt / 2));
  }
}

/* Renews the access token. Whoever asks while a refresh is under way waits for that one. */
function renew(why) {
  renewal ??= alone(async () => {
    const before = access;
    const answer = await refresh();
    if (before) renewals++;
    if (before && before.user !== access.user) tell('Tab', `Another tab logged in as ${access.user}.`);
    tell('Page', why, { outcome: 'good', detail: answer.said });
    show();
  }).catch(problem => {
    if (problem instanceof Over) leave(problem.message);
    else if (problem instanceof Later) stuck(problem.message);
    throw problem;
  }).finally(() => { renewal = null; });
  return renewal;
}

/* ============================================================================
   >>api         requests that need the access token
   ========================================================================== */

const MARGIN = 0.2;                           /* a token is renewed with a fifth of its life left, */
const MARGIN_MS = 30000;                      /* or with 30 seconds, whichever is less */

const renewAt = () => access.until - Math.min(MARGIN * access.life, MARGIN_MS);

/* The request, with a token that is still good; refused all the same, it is repeated once with a new one. */
async function api(method, path, body) {
  if (!access) throw new Over('not logged in');
  if (Date.now() >= renewAt()) await renew('The access token is about to expire. Renewed in time.');
  const { user, token } = access;
  let answer = await ask(method, path, { token, body });
  if (answer?.status === 401 && answer.body.error === 'invalid_token') {
    tell('Server', 'The access token is refused. The page renews it and asks again.',
      { outcome: 'bad', detail: answer.said });
    if (access?.token === token) await renew('Renewed because a request was refused.');
    if (access?.user !== user) throw new Over('somebody else is logged in now');
    answer = await ask(method, path, { token: access.token, body });
  }
  if (!answer) throw new Later(`${method} ${path} → no answer`);
  return answer;
}

/* ============================================================================
   >>tabs        what happens in one tab is looked at in the others
   ========================================================================== */

/* A message says only that something changed, never what: each tab asks the server itself. */
const channel = new BroadcastChannel('tokenauth');
const others = what => channel.postMessage(what);

channel.onmessage = async ({ data }) => {
  if (data === 'in') await renew('Another tab logged in. This one asked for its own token.').catch(() => {});
  if (data === 'out' && access) await renew('Another tab is out. This one still may.').catch(() => {});
};

/* ============================================================================
   >>views       what the visitor sees
   ========================================================================== */

const SAYS = {
  alg: 'how it is signed', typ: 'what kind of token it is', kid: 'the name of the key',
  iss: 'who issued it', aud: 'whom it is for', sub: 'whom it is about', jti: 'its own number',
  iat: 'when it was made', nbf: 'when it begins', exp: 'when it ends',
  sid: 'the session it belongs to', roles: 'what the user may do', fingerprint: 'the browser it is bound to',
};

function decoded(part) {
  const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function describe(list, members) {
  list.replaceChildren(...Object.entries(members).map(([name, value]) => {
    const time = ['exp', 'iat', 'nbf'].includes(name) ? ` = ${clock(new Date(1000 * value))}` : '';
    const row = make('div', '', make('dt', '', make('code', '', name)),
      make('dd', '', make('code', '', JSON.stringify(value) + time)));
    if (SAYS[name]) row.lastChild.append(make('span', 'help', SAYS[name]));
    return row;
  }));
}

function showToken() {
  const [h, c, s] = access.token.split('.');
  $('part-h').textContent = h;
  $('part-c').textContent = c;
  $('part-s').textContent = s;
  describe($('header'), decoded(h));
  describe($('claims'), decoded(c));
}

function showDevice(device) {
  const end = make('button', '', device.current ? 'Log out here' : 'End');
  const name = device.label || 'a device without a name';
  end.type = 'button';
  end.setAttribute('aria-label', device.current ? `Log out here: ${name}` : `End ${name}`);
  end.onclick = () => device.current ? logout() : endDevice(device, name);
  const item = make('li', '', make('div', '',
    make('strong', '', name), make('span', 'help', `logged in ${clock(new Date(1000 * device.created))}, ` +
      `last renewed ${clock(new Date(1000 * device.lastUsed))}`)), end);
  if (device.current) item.firstChild.firstChild.after(make('span', 'badge', 'this one'));
  return item;
}

/* A list that comes late may be another user's by now; whoever changed `access` has asked anew. */
async function showDevices() {
  const asked = access;
  try {
    const answer = await api('GET', '/sessions');
    if (answer.ok && access === asked) $('devices').replaceChildren(...answer.body.sessions.map(showDevice));
  } catch { /* who was logged out meanwhile sees the login by now */ }
}

function showTime() {
  if (!access) return;
  const left = access.until - Date.now();
  $('left').textContent = left > 0 ? `${span(left / 1000)} left` : 'expired';
  $('bar').style.transform = `scaleX(${Math.max(0, Math.min(1, left / access.life))})`;
  $('bar').className = Date.now() >= renewAt() ? 'soon' : '';
}

/* Everything that depends on being logged in or not. */
function show() {
  const inside = access !== null;
  $('login').hidden = inside;
  $('inside').hidden = !inside;
  $('who').hidden = !inside;
  document.title = inside ? `${access.user} · tokenauth.h` : 'Log in · tokenauth.h';
  showThief();
  if (!inside) return;
  $('user').textContent = access.user;
  $('roles').textContent = access.roles.length ? `(${access.roles.join(', ')})` : '';
  $('cookie').textContent = JSON.stringify(document.cookie);
  $('count').textContent = renewals === 0 ? 'not yet' : times(renewals);
  $('idle').textContent = `in ${span((access.idleUntil - Date.now()) / 1000)}`;
  showToken();
  showTime();
  showDevices();
}

function say(text) {
  $('login-said').textContent = text;
  $('login-said').hidden = !text;
}

/* The session is over, and the page forgets what it knew. */
function leave(detail, { quiet = false, text = 'Your session is over. Please log in.' } = {}) {
  const was = access;
  access = null;
  for (const id of ['part-h', 'part-c', 'part-s', 'header', 'claims', 'devices']) $(id).replaceChildren();
  if (was) {
    tell('Server', 'The session is over.', { outcome: 'bad', detail });
    say(text);
    if (!quiet) others('out');
  } else if ($('timeline').childElementCount === 0) {
    tell('Page', 'Just loaded, it asked for an access token. There is no session: log in.', { detail });
  }
  show();
  if (was && !story.at) $('username').focus();
}

function stuck(detail) {
  tell('Page', 'The server cannot say. Nothing is lost: the page asks again at your next click.',
    { outcome: 'bad', detail });
  if (!access) {
    show();
    say('The server does not answer. Reload the page to try again.');
  }
}

function fill(button) {
  $('username').value = button.dataset.fill;
  $('password').value = button.dataset.password;
  $('login-button').focus();
}

async function login(event) {
  event.preventDefault();
  const form = new FormData($('login-form'));
  const body = { username: form.get('username'), password: form.get('password') };
  if (form.get('label')) body.label = form.get('label');
  const from = document.activeElement;        /* a button that is disabled loses the focus */
  say('');
  $('login-button').disabled = true;
  const answer = await alone(() => ask('POST', '/login', { body }));
  $('login-button').disabled = false;
  if (!answer) {
    from.focus();
    return say('The server does not answer.');
  }
  if (!answer.ok) {
    tell('Server', 'The login is refused.', { outcome: 'bad', detail: answer.said });
    $('password').select();
    return say(answer.status === 429 ? `Too many attempts. Wait ${answer.retryAfter} seconds.`
      : answer.body.message || `Refused: ${answer.said}`);
  }
  $('login-form').reset();
  $('label').value = deviceName();
  adopt(answer.body);
  renewals = 0;
  tell('You', `Logged in as ${access.user}. The page got an access token, the browser a cookie.`,
    { outcome: 'good', detail: answer.said });
  show();
  others('in');
  $('access-title').focus();
}

async function logout() {
  const answer = await alone(() => access && ask('POST', '/logout', { token: access.token }));
  if (!access) return;                        /* it was over before it was our turn, and has been told */
  if (!answer?.ok) return tell('Server', 'You are NOT logged out.',
    { outcome: 'bad', detail: answer ? answer.said : 'POST /logout → no answer' });
  tell('You', 'Logged out. Session and cookie are deleted.', { outcome: 'good', detail: answer.said });
  leave(answer.said, { text: 'You are logged out.' });
}

async function everywhere() {
  const answer = await api('POST', '/logout/all').catch(() => null);
  if (!answer?.ok) return tell('Server', 'You are NOT logged out.', { outcome: 'bad', detail: answer?.said });
  tell('You', 'Logged out on every device.', { outcome: 'good', detail: answer.said });
  await renew('Still in, after a logout everywhere').catch(() => {});     /* says that it is over */
}

async function endDevice(device, name) {
  const answer = await api('DELETE', `/sessions/${encodeURIComponent(device.id)}`).catch(() => null);
  if (answer) tell('You', answer.ok ? `Ended: ${name}.` : `Not ended: ${name}.`,
    { outcome: answer.ok ? 'good' : 'bad', detail: answer.said });
  await showDevices();
  $('devices-title').focus();                 /* the button that had the focus is gone */
}

/* ============================================================================
   >>try         experiments
   ========================================================================== */

/* Another letter near the end of the signature: the MAC is wrong, all else is right. */
function spoil() {
  const at = access.token.length - 2;
  const other = access.token[at] === 'A' ? 'B' : 'A';
  access.token = access.token.slice(0, at) + other + access.token.slice(at + 1);
  showToken();
}

async function call(name) {
  const answer = await api('GET', '/test_jwt');
  tell('Server', answer.ok ? `${name}: hello, ${answer.body.claims.sub}.` : `${name}: refused.`,
    { outcome: answer.ok ? 'good' : 'bad', detail: answer.said });
}

async function spoilt(path, body) {
  const answer = await ask('POST', path, { body });
  if (!answer?.ok) tell('Server', 'It cannot do that.', { outcome: 'bad', detail: answer?.said });
  return answer?.ok;
}

const experiments = {
  call: () => call('The request'),

  async spoil() {
    spoil();
    tell('You', 'Changed one character of the signature. Three requests start at once.');
    await Promise.all(['First request', 'Second request', 'Third request'].map(call));
  },

  renew: () => renew('Renewed because you asked.'),

  async race() {
    tell('You', 'Two refreshes start at once, with the same refresh token and without a lock.');
    const answers = await Promise.all([1, 2].map(() => ask('POST', '/auth/refresh')));
    for (const a of answers) {
      tell('Server', a?.ok ? 'Renewed. Within the window both get the same successor.' : 'Refused.',
        { outcome: a?.ok ? 'good' : 'bad', detail: a ? a.said : 'no answer' });
    }
    const good = answers.find(a => a?.ok);
    if (good) { adopt(good.body); renewals++; show(); }
  },

  /* Three, for a browser repeats by itself what got no answer on a connection that was used before. */
  async lose() {
    if (!await spoilt('/debug/drop', { count: 3 })) return;
    tell('You', 'The next answers will be lost. The page stores a retry key, then it spends the token.');
    await renew('The same successor again: nothing was lost but time.');
  },

  async fail() {
    if (!await spoilt('/debug/store', { fail: 1 })) return;
    tell('You', 'The server cannot read its store for a moment.');
    await renew('The server is well again. Nobody was logged out.');
  },
};

async function experiment(button) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  try {
    await experiments[button.dataset.try]();
  } catch (problem) {
    if (!(problem instanceof Over) && !(problem instanceof Later)) throw problem;
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/* ============================================================================
   >>thief       a story in steps: the page plays both parties
   ========================================================================== */

/* at: steps done. closes: when the server's window after the last renewal is over. From the first step to
   the third the page does not renew by itself: the thief is to be faster. */
const story = { at: 0, token: '', access: '', closes: 0, busy: false };
const away = () => story.at === 1 || story.at === 2;

class End extends Error {}                    /* the story ends here, earlier than it should */

const must = (answer, what) => {
  if (!answer?.ok) throw new End(`${what} ${answer ? answer.said : 'There was no answer.'}`);
  return answer.body;
};

/* The server's window after the last renewal, whichever tab made it. Within it the thief would get the very
   token that you have; afterwards he gets its successor. */
async function windowCloses() {
  const mine = must(await api('GET', '/sessions'), 'No list of sessions:').sessions.find(s => s.current);
  return 1000 * (mine.lastUsed + debug.windowS + 1);
}

const thiefAsks = () => ask('POST', '/auth/refresh', { body: { refresh_token: story.token }, cookie: false });

const steps = [
  {
    button: 'Steal my refresh token',
    title: 'The thief copies your refresh token.',
    async run() {
      story.closes = await windowCloses();
      story.token = must(await ask('POST', '/debug/steal'), 'Not stolen:').refreshToken;
      tell('Thief', 'Has a copy of the refresh token.', { outcome: 'bad', detail: short(story.token) });
      return `He has ${short(story.token)}. Copying leaves no trace: nobody can notice yet. He waits until ` +
        'the window of your last renewal is over; within it he would get what you have, and nothing newer.';
    },
  },
  {
    button: 'Next: the thief spends it',
    title: 'He spends it before you do.',
    waits: true,
    async run() {
      const answer = await thiefAsks();
      const pair = must(answer, 'He is refused:');
      story.token = pair.refreshToken;
      story.access = pair.accessToken;
      story.closes = Date.now() + 1000 * (debug.windowS + 1);
      tell('Thief', 'Spent the copy. Your session is his session.', { outcome: 'good', detail: answer.said });
      return 'The server gave him the successor. Your browser still holds the old one, and does not know. ' +
        'While the window is open the server forgives an old one: it could be another tab of yours.';
    },
  },
  {
    button: 'Next: you come back',
    title: 'Your page renews, with what is now an old token.',
    waits: true,
    async run() {
      const problem = access && await renew('Renewed, as ever.').then(() => new Later(), e => e);
      if (problem instanceof Later) {
        throw new End('Not refused: one of your tabs came back within the window, and has the newest ' +
          'token, too. The server finds out when one of the two copies comes back old.');
      }
      return 'An old token came back, so two parties hold a copy. Which of them is you, the server cannot ' +
        'know: it ended the session.';
    },
  },
  {
    button: 'Next: the thief tries again',
    title: 'The thief tries his newer token.',
    async run() {
      const answer = await thiefAsks();
      const known = await ask('GET', '/test_jwt', { token: story.access, cookie: false });
      tell('Thief', answer?.ok ? 'Is still in.' : 'Is out, too.',
        { outcome: answer?.ok ? 'good' : 'bad', detail: answer ? answer.said : 'no answer' });
      tell('Thief', known?.ok ? 'The access token he got still works, until it expires.'
        : 'The access token he got is refused as well.',
      { outcome: known?.ok ? 'good' : 'bad', detail: known ? known.said : 'no answer' });
      if (answer?.ok) throw new End('He is not refused.');
      return 'Refused. You have your password and log in again; he has nothing. Your other devices are ' +
        'sessions of their own and go on.';
    },
  },
];

function showThief() {
  $('thief').hidden = !debug || !(access || story.at);
  $('no-debug').hidden = debug !== null || !access;
  for (const item of document.querySelectorAll('.debug')) item.hidden = debug === null;
  const done = story.at >= steps.length;
  $('next').hidden = done;
  $('again').hidden = !done;
  if (!done) showNext();
}

/* The next step's button; during the server's window it counts down and does nothing. */
function showNext() {
  const { button, waits } = steps[story.at];
  const left = waits ? Math.ceil((story.closes - Date.now()) / 1000) : 0;
  const label = left > 0 ? `The window closes in ${left} s` : button;
  if ($('next').textContent !== label) $('next').textContent = label;
  $('next').setAttribute('aria-disabled', String(story.busy || left > 0));
}

async function nextStep() {
  if ($('next').getAttribute('aria-disabled') === 'true') return;
  const step = steps[story.at];
  story.busy = true;
  showNext();
  story.at++;
  const outcome = await step.run().catch(problem => {
    story.at = steps.length;
    return problem instanceof End ? problem.message : `The story stops here: ${problem.message}`;
  });
  story.busy = false;
  $('steps').append(make('li', '', make('strong', '', step.title), ' ', outcome));
  showThief();
  (story.at < steps.length ? $('next') : $('again')).focus();
}

function closeStory() {
  Object.assign(story, { at: 0, token: '', access: '', closes: 0 });
  $('steps').replaceChildren();
  showThief();
  $(access ? 'thief-title' : 'username').focus();
}

/* ============================================================================
   >>start
   ========================================================================== */

function deviceName() {
  const agent = navigator.userAgent;
  const find = list => list.find(name => agent.includes(name)) ?? '';
  const browser = find(['Firefox', 'Edg', 'OPR', 'Chrome', 'Safari']);
  const system = find(['Android', 'iPhone', 'iPad', 'Windows', 'Mac', 'Linux']);
  return `${{ Edg: 'Edge', OPR: 'Opera' }[browser] ?? browser} on ${system}`.trim();
}

/* Four times a second: the countdown, and the silent refresh. A hidden tab keeps no session alive; when it
   is looked at again, it renews. */
function tick() {
  showTime();
  if (away() && !story.busy) showNext();
  if (!access || renewal || away() || document.visibilityState !== 'visible') return;
  if (Date.now() < Math.max(renewAt(), notBefore)) return;
  notBefore = Date.now() + 10000;             /* should this fail */
  renew('The access token was about to expire. Renewed in time, and nobody had to ask.')
    .then(() => { notBefore = 0; }, () => {});
}
let notBefore = 0;

async function start() {
  $('label').value = deviceName();
  $('login-form').onsubmit = login;
  $('logout').onclick = () => logout();
  $('everywhere').onclick = everywhere;
  $('next').onclick = nextStep;
  $('again').onclick = closeStory;
  for (const button of document.querySelectorAll('[data-try]')) button.onclick = () => experiment(button);
  for (const button of document.querySelectorAll('[data-fill]')) button.onclick = () => fill(button);
  debug = await ask('GET', '/debug').then(answer => answer?.ok ? answer.body : null);
  await renew('Just loaded, the page had nothing. The cookie was good for an access token.').catch(() => {});
  setInterval(tick, 250);
  document.addEventListener('visibilitychange', tick);
}

start();
