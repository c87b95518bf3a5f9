// The page: editors on the left, what becomes of the records on the right.
import { byId, count, element } from './dom.js';
import { editor, goTo, setText, show } from './editors.js';
import { engine } from './engine.js';
import { EXAMPLES } from './examples.js';
import { pack, unpack } from './permalink.js';
import { funnel, showRows, showSnippets, summary } from './results.js';
import { tree } from './tree.js';

const CHECK_DELAY = 10; // milliseconds after the last key
const EVALUATE_DELAY = 150;
const LINK_DELAY = 600;

const state = { selected: 0, shown: 0, mapping: '', snippet: '', checked: null, changes: 0 };
const timers = {};
let ask = null;
let pattern = null;
let records = null;

function later(name, delay, act) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(act, delay);
}

function say(words) {
  byId('status').textContent = words;
}

function request() {
  return {
    pattern: pattern.state.doc.toString(),
    source: byId('source').value,
    dialect: byId('dialect').value,
    mapping: state.mapping,
  };
}

function patternChanged() {
  later('check', CHECK_DELAY, check);
  recordsChanged();
}

function recordsChanged() {
  state.changes += 1;
  document.body.classList.add('busy');
  later('evaluate', EVALUATE_DELAY, evaluate);
  later('link', LINK_DELAY, link);
}

async function check() {
  const answer = await answered('check', request());
  if (!answer) return;
  state.checked = answer;
  showChecked(answer);
}

async function evaluate() {
  const { changes } = state;
  const answer = await answered('evaluate', {
    ...request(), records: records.state.doc.toString(), selected: state.selected,
  });
  if (!answer) return;
  if (changes === state.changes) document.body.classList.remove('busy');
  showEvaluated(answer);
}

async function answered(kind, asked) {
  try {
    return await ask(kind, asked);
  } catch (error) {
    document.body.classList.remove('busy');
    for (const id of ['rows', 'funnel', 'diagnostics']) byId(id).replaceChildren();
    byId('summary').textContent = 'no verdicts';
    byId('why').replaceChildren(element('p', 'message', error.message));
    say(error.message);
    return null;
  }
}

function showChecked(answer) {
  show(pattern, answer.diagnostics);
  byId('kind').textContent = answer.kind ? `from ${answer.kind}` : '';
  const names = answer.mappings;
  byId('mapping').hidden = names.length < 2;
  byId('mapping').replaceChildren(
    ...names.map((name) => new Option(name, name, false, name === answer.mapping)),
  );
  byId('extract').hidden = !answer.kind || !answer.extracted;
  byId('layout').hidden = Boolean(answer.kind) || !answer.extracted;
  byId('source').options[0].text = byId('source').value ? 'From the pattern' : `From the pattern: ${answer.source}`;
  byId('diagnostics').replaceChildren(...answer.diagnostics.map((one) => {
    const button = element(
      'button', one.severity,
      element('span', 'code', one.code),
      element('span', '', element('span', 'hidden', `${one.severity}: `), one.message),
      one.hint ? element('span', 'hint', one.hint) : '',
    );
    button.type = 'button';
    button.addEventListener('click', () => goTo(pattern, one.from));
    return element('li', '', button);
  }));
  drawSnippets();
}

function drawSnippets() {
  showSnippets(state.checked?.snippets, state.snippet, (name) => {
    state.snippet = name;
    drawSnippets();
  }, (text) => copyText(text, 'Copied.'));
}

function showEvaluated(answer) {
  const { explanation } = answer;
  state.shown = explanation?.number || state.selected || state.shown;
  showRows(answer, state.shown, select);
  const words = summary(answer);
  byId('summary').textContent = words;
  show(records, answer.rows.filter((row) => row.result === 'error').map((row) => ({
    from: row.from, to: row.to, severity: 'error', code: '', message: row.detail, hint: '',
  })));
  byId('why').replaceChildren(...why(answer));
  byId('funnel').replaceChildren(...funnel(answer.funnels));
  const errors = answer.diagnostics.filter((one) => one.severity === 'error').length;
  const verdict = explanation?.lines[0]?.words;
  say([
    errors ? count(errors, 'error') : '', words,
    verdict ? `record ${explanation.number}: ${verdict}` : '',
  ].filter(Boolean).join('. '));
}

function why({ explanation, diagnostics, counts }) {
  const errors = diagnostics.filter((one) => one.severity === 'error');
  if (errors.length) {
    return [element('p', 'message', `AWS would refuse the pattern: ${errors[0].message}`)];
  }
  if (!explanation) {
    const words = counts.records ? 'No record could be evaluated.' : 'Paste a pattern and records to see why each record is kept or dropped.';
    return [element('p', 'message', words)];
  }
  if (explanation.error) return [element('p', 'message', explanation.error)];
  const head = element('p', 'quiet', `Record ${explanation.number}`);
  return counts.records > 1 ? [head, tree(explanation.lines)] : [tree(explanation.lines)];
}

function select(number) {
  state.selected = number;
  for (const row of byId('rows').querySelectorAll('[role="radio"]')) {
    const isIt = Number(row.dataset.number) === number;
    row.setAttribute('aria-checked', String(isIt));
    row.tabIndex = isIt ? 0 : -1;
    if (isIt) row.focus();
  }
  chooseTab(byId('tab-why'));
  evaluate();
}

function moveAlongRows(event) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const rows = [...byId('rows').querySelectorAll('[role="radio"]')];
  const index = rows.indexOf(document.activeElement);
  if (!step || index < 0) return;
  event.preventDefault();
  select(Number(rows[Math.min(Math.max(index + step, 0), rows.length - 1)].dataset.number));
}

function chooseTab(chosen) {
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    const isIt = tab === chosen;
    tab.setAttribute('aria-selected', String(isIt));
    tab.tabIndex = isIt ? 0 : -1;
    byId(tab.getAttribute('aria-controls')).hidden = !isIt;
  }
}

function moveAlongTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const tab = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
  chooseTab(tab);
  tab.focus();
}

function permanent() {
  const { pattern: text, source, dialect, mapping } = request();
  return { pattern: text, records: records.state.doc.toString(), source, dialect, mapping };
}

async function link() {
  const fragment = await pack(permanent());
  history.replaceState(null, '', fragment ?? '#');
  return fragment;
}

async function share() {
  const fragment = await link();
  if (fragment === null) say('The input is too long for a link.');
  else await copyText(location.href, 'Link copied.');
  flash(byId('share'), fragment === null ? 'Too long' : 'Copied');
}

async function copyText(text, words) {
  try {
    await navigator.clipboard.writeText(text);
    say(words);
    if (byId('copy-snippet') === document.activeElement) flash(byId('copy-snippet'), 'Copied');
  } catch {
    say('The browser blocked copying: select the text and copy it.');
  }
}

function flash(button, words) {
  const before = button.dataset.words ?? button.textContent;
  button.dataset.words = before;
  button.textContent = words;
  setTimeout(() => { button.textContent = before; }, 1500);
}

/** Fills the page from a state; what is missing is empty. */
function fill({ pattern: text = '', records: lines = '', source = '', dialect = '', mapping = '' }) {
  byId('source').value = source;
  byId('dialect').value = dialect;
  for (const id of ['source', 'dialect']) if (byId(id).selectedIndex < 0) byId(id).selectedIndex = 0;
  state.selected = 0;
  setText(pattern, text);
  setText(records, lines);
  state.mapping = mapping;
}

function toggleTheme() {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  try {
    localStorage.setItem('theme', root.dataset.theme);
  } catch { /* no storage: the choice lasts as long as the page */ }
}

function restoreTheme() {
  try {
    const theme = localStorage.getItem('theme');
    if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
  } catch { /* no storage */ }
}

async function initial() {
  const linked = await unpack(location.hash);
  if (linked) return linked;
  const response = await fetch('initial.json');
  const given = response.ok ? await response.json() : {};
  return given.pattern || given.records ? given : { ...EXAMPLES[0], ...dropEmpty(given) };
}

const dropEmpty = (given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value));

async function start() {
  restoreTheme();
  pattern = editor(byId('pattern'), 'Pattern', 'A pattern, a FilterCriteria, or a template', () => {
    state.mapping = '';
    patternChanged();
  });
  records = editor(byId('records'), 'Records', 'Records, one per line or in an array', () => {
    state.selected = 0;
    recordsChanged();
  });
  byId('where').textContent = document.querySelector('meta[name="engine"]').content === 'pyodide'
    ? 'Everything runs in your browser; nothing is sent anywhere.'
    : 'Evaluated by the installed filterpatterns on this machine.';
  byId('example').append(...EXAMPLES.map((one, index) => new Option(one.name, String(index))));
  byId('example').addEventListener('change', ({ target }) => {
    if (target.value) fill(EXAMPLES[Number(target.value)]);
    target.value = '';
  });
  for (const id of ['source', 'dialect']) byId(id).addEventListener('change', patternChanged);
  byId('mapping').addEventListener('change', ({ target }) => {
    state.mapping = target.value;
    patternChanged();
  });
  byId('extract').addEventListener('click', () => setText(pattern, state.checked.extracted));
  byId('layout').addEventListener('click', () => setText(pattern, state.checked.extracted));
  byId('share').addEventListener('click', share);
  byId('theme').addEventListener('click', toggleTheme);
  byId('rows').addEventListener('keydown', moveAlongRows);
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    tab.addEventListener('click', () => chooseTab(tab));
    tab.addEventListener('keydown', moveAlongTabs);
  }
  addEventListener('hashchange', async () => {
    const linked = await unpack(location.hash);
    if (linked) fill(linked);
  });
  byId('why').replaceChildren(element('p', 'message', 'The engine is starting …'));
  ask = engine((failed) => {
    document.body.dataset.engine = failed ? 'failed' : 'ready';
    if (failed) byId('why').replaceChildren(element('p', 'message', `The engine did not start: ${failed}`));
  });
  fill(await initial());
  drawSnippets();
}

start();
