'use strict';
// The player: which run, step, phase and token are looked at, and how they are drawn. All
// text is put in as text, never as markup.
const $ = id => document.getElementById(id);
const data = JSON.parse($('data').textContent);
const glyphs = Object.fromEntries(data.marks.map(([glyph, name]) => [name, glyph]));
const PHASES = ['retrieve', 'draft', 'verify', 'commit'];
const TOLD = {
  retrieve: 'Retrieve: the last tokens of the text are looked up in the sources.',
  draft: 'Draft: what followed there becomes a tree, with the estimated probability of each path.',
  verify: 'Verify: one pass computes the model’s own choice at every node, and each draft gets its fate.',
  commit: 'Commit: the accepted tokens and the model’s own next one join the text.',
};
const state = { run: data.start.run, step: data.start.step, phase: null, node: null, timer: null };
const sections = [...document.querySelectorAll('section.run')];
const watchers = [];

const run = () => data.runs[state.run];
const step = () => run().steps[state.step];
const knows = phase => state.phase === null || PHASES.indexOf(state.phase) >= PHASES.indexOf(phase);

function el(tag, given, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given || {})) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const nodeOf = id => (id === -1 ? step().bonus : id > 0 ? step().nodes[id - 1] : null);
const lines = () => (!knows('draft') ? [] : knows('verify') ? step().lines : step().drafted);

/** The token selected: the one chosen if it is shown, else what is worth looking at first. */
function selected() {
  const shown = lines().map(line => line[0]);
  const wanted = [state.node, step().look].find(id => shown.includes(id));
  return wanted === undefined ? (shown.length ? shown[0] : 0) : wanted;
}

/** The rows that a node's row attends to in the tree: the root, its ancestors, itself. */
function ancestors(id) {
  const rows = id > 0 ? [id] : [];
  let at = id === 0 ? null : nodeOf(id);
  while (at && at.o > 0) {
    rows.unshift(at.o);
    at = nodeOf(at.o);
  }
  return [0, ...rows];
}

function counted(n, what) {
  return n + ' ' + what + (n === 1 ? '' : 's');
}

function drawText() {
  for (const section of sections) section.hidden = Number(section.dataset.run) !== state.run;
  const shown = sections.filter(section => !section.hidden);
  for (const section of shown.filter(s => s.classList.contains('facts'))) {
    section.hidden = !knows('verify');
  }
  const here = document.querySelectorAll('section.run[data-run="' + state.run + '"] [data-step]');
  for (const part of here) {
    const at = Number(part.dataset.step) - 1;
    const known = part.classList.contains('col') ? 'verify' : 'commit';
    const isHidden = state.phase !== null && (at > state.step || (at === state.step && !knows(known)));
    part.classList.toggle('unknown', isHidden);
    part.classList.toggle('here', at === state.step && !isHidden);
  }
  const text = shown[0] && shown[0].querySelector('.text');
  const token = text && text.querySelector('.here');
  if (token) keepInView(text, token);
}

/** Scrolls a box, not the page. */
function keepInView(box, part) {
  const top = part.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top + part.offsetHeight > box.scrollTop + box.clientHeight) {
    box.scrollTop = top - box.clientHeight / 2;
  }
}

function drawTree() {
  const now = step();
  const place = 'step ' + (state.step + 1) + ' of ' + run().steps.length;
  const left = now.left > 0 ? ' · ' + now.left + ' more not worth a row' : '';
  $('tree-title').textContent =
    place + (knows('draft') ? ' · ' + counted(now.nodes.length, 'draft') + left : '');
  $('tree-about').textContent = (state.phase ? TOLD[state.phase] + ' ' : '') + 'After ' + now.after + ': ' +
    (knows('draft') ? counted(now.rows, 'row') : now.hits.join('; ') || 'nothing found') +
    (knows('commit') ? ', ' + now.committed + ' committed, ' + now.ms : '');
  const tree = $('tree');
  const chosen = selected();
  const above = new Set(ancestors(chosen));
  tree.classList.toggle('quiet', !knows('draft'));
  tree.replaceChildren(...lines().map(([id, stem]) => treeLine(id, stem, chosen, above)));
  if (!lines().length && knows('draft')) {
    tree.append(el('li', { role: 'treeitem' }, 'No drafts: the pass computes one row.'));
  }
  const at = tree.querySelector('[aria-selected=true]');
  if (at) {
    tree.setAttribute('aria-activedescendant', at.id);
    keepInView(tree, at);
  } else {
    tree.removeAttribute('aria-activedescendant');
  }
}

function treeLine(id, stem, chosen, above) {
  const node = nodeOf(id);
  const mark = knows('verify') ? node.f : null;
  const name = el('span', { class: 'name' }, el('span', { class: 'stem', 'aria-hidden': 'true' }, stem),
    mark ? glyphs[mark] + ' ' : '', el('span', { class: mark, title: mark }, node.t));
  const rank = node.r === null ? '—' : node.r > 999 ? 'r>999' : 'r' + node.r;
  const numbers = knows('verify') ? [node.p, rank] : [node.e];
  const line = el('li', {
    role: 'treeitem', id: 'node' + id, 'aria-level': ancestors(id).length,
    'aria-selected': String(id === chosen), class: above.has(id) && id !== chosen ? 'above' : null,
  }, name, ...numbers.map(number => el('span', { class: 'num' }, number)));
  line.addEventListener('click', () => { choose(id); });
  return line;
}

function drawToken() {
  const id = selected();
  const node = nodeOf(id);
  if (!node) {
    const about = knows('draft') ? 'The last committed token.' : 'Nothing is drafted yet.';
    $('token').replaceChildren(el('span', { class: 'big' }, step().after), el('p', {}, about));
    return;
  }
  const mark = knows('verify') ? node.f : null;
  const parts = [el('b', { class: 'big ' + (mark || '') }, node.t)];
  if (!mark) {
    parts.push(el('p', {}, 'Estimated probability of its path: ' + node.e + '. The model has not been asked yet.'));
  } else {
    const rank = node.r === null ? '' : ', rank ' + node.r;
    parts.push(' ' + glyphs[mark] + ' ' + mark, el('p', {}, 'p ' + node.p + rank + ' with the model here.'));
    parts.push(el('p', { class: 'dim' }, run().said[node.s]));
  }
  $('token').replaceChildren(...parts);
}

function draw() {
  for (const tab of document.querySelectorAll('#tabs button')) {
    tab.setAttribute('aria-pressed', String(Number(tab.dataset.run) === state.run));
  }
  $('where').textContent = 'step ' + (state.step + 1) + ' of ' + run().steps.length +
    (state.phase ? ' · phase ' + state.phase : '');
  drawText();
  drawTree();
  drawToken();
  drawPictures();
  for (const watch of watchers) watch();
}

function goTo(index, phase) {
  const last = run().steps.length - 1;
  state.step = Math.max(0, Math.min(last, index));
  state.phase = phase || null;
  state.node = null;
  draw();
}

function show(index, at) {
  state.run = index;
  goTo(at === undefined ? data.runs[index].steps.length - 1 : at);
}

function choose(id) {
  state.node = id;
  draw();
}

function move(by) {
  const shown = lines().map(line => line[0]);
  const at = shown.indexOf(selected());
  if (shown.length) choose(shown[Math.max(0, Math.min(shown.length - 1, at + by))]);
}

function walkPhase(by) {
  const at = state.phase === null ? (by > 0 ? -1 : PHASES.length) : PHASES.indexOf(state.phase);
  const next = at + by;
  if (next < 0) return goTo(state.step);
  if (next < PHASES.length) return goTo(state.step, PHASES[next]);
  return state.step + 1 < run().steps.length ? goTo(state.step + 1, PHASES[0]) : goTo(state.step);
}

/** The next step with a relaxed token; in a run without one, with a rejected token. */
function find(by) {
  const has = fate => at => run().steps[at].nodes.some(node => node.f === fate);
  const all = run().steps.map((_, at) => at);
  const fate = all.some(has('relaxed')) ? 'relaxed' : 'rejected';
  const ahead = all.filter(has(fate)).filter(at => (by > 0 ? at > state.step : at < state.step));
  if (ahead.length) goTo(by > 0 ? ahead[0] : ahead[ahead.length - 1]);
}

const isStill = matchMedia('(prefers-reduced-motion: reduce)');

function play(on) {
  clearInterval(state.timer);
  state.timer = null;
  if (on) {
    if (state.step + 1 === run().steps.length) goTo(0);
    state.timer = setInterval(() => {
      goTo(state.step + 1);
      if (state.step + 1 === run().steps.length) play(false);
    }, isStill.matches ? 1500 : 600);
  }
  $('play').textContent = on ? '‖ pause' : '▶ play';
  $('play').setAttribute('aria-label', on ? 'pause' : 'play');
}

const actions = {
  first: () => goTo(0),
  last: () => goTo(run().steps.length - 1),
  back: () => goTo(state.step - 1),
  forward: () => goTo(state.step + 1),
  play: () => play(state.timer === null),
  phase: () => walkPhase(1),
  'phase-back': () => walkPhase(-1),
  up: () => move(-1),
  down: () => move(1),
  find: () => find(1),
  'find-back': () => find(-1),
};
const keys = {
  Home: 'first', End: 'last', ArrowLeft: 'back', ArrowRight: 'forward', ArrowUp: 'up',
  ArrowDown: 'down', ' ': 'play', '.': 'phase', ',': 'phase-back', ']': 'find', '[': 'find-back',
};

function doIt(name) {
  if (name !== 'play') play(false);
  actions[name]();
}

/** Whether a key belongs to what has the focus: a field takes all, a button its own. */
function isTaken(event) {
  const tag = event.target.tagName;
  if (event.ctrlKey || event.altKey || event.metaKey) return true;
  if (tag === 'INPUT') return true;
  return (tag === 'BUTTON' || tag === 'SUMMARY') && (event.key === ' ' || event.key === 'Enter');
}

$('player').addEventListener('keydown', event => {
  const name = isTaken(event) ? null : keys[event.key];
  if (!name) return;
  event.preventDefault();
  doIt(name);
});
for (const button of document.querySelectorAll('[data-do]')) {
  button.addEventListener('click', () => doIt(button.dataset.do));
}
for (const tab of document.querySelectorAll('#tabs button')) {
  tab.addEventListener('click', () => { play(false); show(Number(tab.dataset.run)); });
}
for (const part of document.querySelectorAll('section.run [data-step]')) {
  part.addEventListener('click', () => { play(false); goTo(Number(part.dataset.step) - 1); });
}
