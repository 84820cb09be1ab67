// The pass as a picture: the attention mask of the tree's rows, and the slots of the KV cache.
const SVG = 'http://www.w3.org/2000/svg';

function svg(tag, given, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function drawMask() {
  const n = step().rows;
  const chosen = selected();
  const row = chosen === -1 ? step().bonus.o : chosen;
  const wide = Math.max(3, n / 6);
  const drawn = svg('svg', { viewBox: '-.1 -.1 ' + (wide + n + 0.2) + ' ' + (n + 0.2), role: 'img' });
  drawn.style.width = Math.min(36, 4 + n * 1.3) + 'rem';
  for (let i = 0; i < n; i += 1) {
    const seen = new Set(ancestors(i));
    const own = i === row ? ' row' : '';
    const cell = (x, width, on) => drawn.append(svg('rect', {
      x, y: i, width, height: 1, class: 'cell' + (on ? (i === row ? ' lit' : ' on') : '') + own,
    }));
    cell(0, wide, true);
    for (let j = 0; j < n; j += 1) cell(wide + j, 1, seen.has(j));
  }
  const names = ancestors(row).map(id => (id === 0 ? step().after : nodeOf(id).t)).join(', ');
  drawn.setAttribute('aria-label', 'The selected row attends to the prefix and to ' + names);
  return el('figure', {}, el('figcaption', {},
    'Attention mask: a row a token of the pass, the wide column is the prefix. The selected row attends to it and to ' +
    names + '.'), drawn);
}

function drawSlots() {
  const now = step();
  const kept = new Set([0, ...now.lines.map(line => line[0])
    .filter(id => id > 0 && ['accepted', 'relaxed'].includes(nodeOf(id).f))]);
  const cls = id => (!knows('commit') ? 'written' : kept.has(id) ? 'kept' : 'forgotten');
  const chosen = selected();
  const slots = [el('li', { class: 'prefix' }, 'prefix')];
  if (knows('verify')) {
    for (let id = 0; id < now.rows; id += 1) {
      const text = id === 0 ? now.after : nodeOf(id).t;
      const title = knows('commit') ? cls(id) : 'written by this pass';
      slots.push(el('li', { class: cls(id) + (id === chosen ? ' here' : ''), title }, text));
    }
  }
  const about = !knows('verify') ? 'KV cache before the pass.'
    : knows('commit') ? 'KV cache: the pass writes a slot a row; the slots of accepted tokens are kept, the others forgotten.'
      : 'KV cache: the pass writes a slot a row.';
  return el('figure', {}, el('figcaption', {}, about), el('ul', { class: 'slots' }, ...slots));
}

function drawPictures() {
  $('pictures').replaceChildren(...(knows('draft') ? [drawMask()] : []), drawSlots());
}
