// The pass as a picture: the attention mask of the tree's rows, and the slots of the KV cache.
const SVG = 'http://www.w3.org/2000/svg';

function svg(tag, given, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The rows of the pass in the tree's order. */
const order = () => [0, ...step().drafted.map(line => line[0])];

function drawMask() {
  const rows = order();
  const n = rows.length;
  const chosen = selected();
  const row = chosen === -1 ? step().bonus.o : chosen;
  const wide = Math.max(3, n / 6);
  const drawn = svg('svg', { viewBox: '-.1 -.1 ' + (wide + n + 0.2) + ' ' + (n + 0.2), role: 'img' });
  drawn.style.width = Math.min(36, 4 + n * 1.3) + 'rem';
  rows.forEach((id, y) => {
    const seen = new Set(ancestors(id));
    const own = id === row ? ' row' : '';
    const cell = (x, width, on) => drawn.append(svg('rect', {
      x, y, width, height: 1, class: 'cell' + (on ? (id === row ? ' lit' : ' on') : '') + own,
    }));
    cell(0, wide, true);
    rows.forEach((other, x) => cell(wide + x, 1, seen.has(other)));
  });
  const node = row > 0 ? nodeOf(row) : null;
  const told = node && node.a !== null ? run().said[node.a]
    : 'The root’s row attends to the prefix, ' + counted(step().cached, 'row') + ', and itself.';
  drawn.setAttribute('aria-label', told);
  return el('figure', {}, el('figcaption', {},
    'Attention mask: a line a row of the pass, in the tree’s order; the wide column is the prefix. ' + told), drawn);
}

/** What the cache holds: reserved while the tree is drafted, then written, then kept or not. */
function drawSlots() {
  const now = step();
  const moment = state.phase === null ? PHASES.length - 1 : PHASES.indexOf(state.phase);
  const chosen = selected();
  const name = id => (id === 0 ? now.after : nodeOf(id).t);
  const slots = [el('li', { class: 'prefix' }, counted(now.cached, 'row') + ' of the prefix')];
  const all = moment === 0 ? [] : knows('commit') ? now.slots
    : Array.from({ length: now.rows }, (_, id) => [id, knows('verify') ? 'written' : 'reserved', null]);
  for (const [id, what, from] of all) {
    const isKept = what === 'kept';
    const text = what === 'forgotten' ? name(id) : name(id) + (from === null ? '' : ' ◂');
    slots.push(el('li', { class: what + (id === chosen && (isKept || !knows('commit')) ? ' here' : ''),
      title: what + (from === null ? '' : ', copied from cache row ' + from) }, text));
  }
  return el('figure', {}, el('figcaption', {}, 'KV cache: ' + run().said[now.cache[moment]]),
    el('ul', { class: 'slots' }, ...slots));
}

/** A token's way from its logit to the ruling. */
function drawWay() {
  const node = nodeOf(selected());
  if (!node || !knows('verify') || !node.w.length) return [];
  const rows = node.w.map(([stage, value, told]) => el('tr', {}, el('td', {}, stage), el('td', {}, value),
    el('td', {}, run().said[told])));
  return [el('figure', {}, el('figcaption', {}, 'The token’s way through the pass'),
    el('table', { id: 'way' }, el('tbody', {}, ...rows)))];
}

function drawPictures() {
  $('pictures').replaceChildren(...(knows('draft') ? [drawMask()] : []), drawSlots(), ...drawWay());
}
