// The batch: which pass and lane are looked at.
const batch = { pass: data.start.pass, lane: 0 };

function drawLane(lane, at) {
  const cells = el('span', { class: 'cells', 'aria-hidden': 'true' });
  for (let i = 0; i < lane.rows; i += 1) {
    const kind = lane.step === null ? 'prompt' : i === 0 ? 'root' : 'draft';
    cells.append(el('i', { class: kind }));
  }
  const rows = lane.step === null ? counted(lane.rows, 'row') + ' of its prompt'
    : counted(lane.rows - 1, 'draft') + ', ' + lane.committed + ' committed' + (lane.ended ? ', ended' : '');
  const line = el('li', { role: 'option', id: 'lane' + at, 'aria-selected': String(at === batch.lane) },
    el('span', { class: 'name' }, String.fromCharCode(65 + (lane.lane % 26)) + ' ' + lane.subject), cells, el('span', { class: 'dim' }, rows));
  line.addEventListener('click', () => { batch.lane = at; drawBatch(); });
  line.addEventListener('dblclick', openLane);
  return line;
}

function drawBatch() {
  const pass = data.passes[batch.pass];
  batch.lane = Math.max(0, Math.min(pass.lanes.length - 1, batch.lane));
  $('pass-where').textContent = 'pass ' + (batch.pass + 1) + ' of ' + data.passes.length;
  $('pass-told').textContent = pass.told;
  $('lanes').replaceChildren(...pass.lanes.map(drawLane));
  $('lanes').setAttribute('aria-activedescendant', 'lane' + batch.lane);
  $('throughput').replaceChildren(...pass.throughput.map(fact =>
    el('div', {}, el('dt', {}, fact.name), el('dd', {}, fact.value))));
  $('sizes').querySelector('tbody').replaceChildren(...pass.sizes.map(([name, told, share]) => {
    const fill = el('span', { class: 'fill' });
    fill.style.width = share + '%';
    return el('tr', {}, el('th', { scope: 'row' }, name), el('td', { class: 'track' }, fill), el('td', {}, told));
  }));
  for (const watch of watchers) watch();
}

function goToPass(index) {
  batch.pass = Math.max(0, Math.min(data.passes.length - 1, index));
  drawBatch();
}

function openLane() {
  const lane = data.passes[batch.pass].lanes[batch.lane];
  if (lane.run === null) return;
  show(lane.run, lane.step === null ? 0 : lane.step);
  $('tree').focus();
}

const passActions = {
  first: () => goToPass(0),
  last: () => goToPass(data.passes.length - 1),
  back: () => goToPass(batch.pass - 1),
  forward: () => goToPass(batch.pass + 1),
  up: () => { batch.lane -= 1; drawBatch(); },
  down: () => { batch.lane += 1; drawBatch(); },
  open: openLane,
};

function beginBatch() {
  if (!data.passes.length) return;
  $('batch').hidden = false;
  const names = { ...keys, Enter: 'open' };
  $('batch').addEventListener('keydown', event => {
    const name = isTaken(event) ? null : names[event.key];
    if (!name || !passActions[name]) return;
    event.preventDefault();
    passActions[name]();
  });
  for (const button of document.querySelectorAll('[data-pass]')) {
    button.addEventListener('click', () => passActions[button.dataset.pass]());
  }
  drawBatch();
}
