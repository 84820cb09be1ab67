// The tasks: which one is at hand, and whether the player is where it asks for.
const listed = [...document.querySelectorAll('[data-task]')];
const course = { task: 0, done: new Set() };

const counts = {
  'step-rows': () => step().rows,
  'step-committed': () => step().committed,
  'step-drafted': () => step().nodes.length,
  'step-cached': () => step().cached,
  'step-kept': () => step().accepted + 1,
  'step-forgotten': () => step().rows - step().accepted - 1,
  'token-attends': () => (selected() < 0 ? null : depthOf(selected()) + 1),
  'token-rank': () => { const node = nodeOf(selected()); return node ? node.r : null; },
};

/** Tokens from the root to a node. */
function depthOf(at) {
  let depth = 0;
  for (let node = at; node > 0; node = nodeOf(node).o) depth += 1;
  return depth;
}

/** Drafts that no draft follows. */
function branchesOf(now) {
  const parents = new Set(now.nodes.map(node => node.o));
  return now.nodes.filter((_, at) => !parents.has(at + 1)).length;
}

/** The value of a figure that depends on what is looked at, and its words. */
function moving(name) {
  if (counts[name]) {
    const value = counts[name]();
    return value === null ? null : [value, String(value)];
  }
  const pass = data.passes[batch.pass];
  const found = pass && pass.figures.find(figure => figure[0] === name);
  return found && found[1] !== null ? [found[1], found[2]] : null;
}

function fits(check) {
  const now = step();
  const has = fate => now.nodes.some(node => node.f === fate);
  switch (check.is) {
    case 'step':
      return (check.run === null || check.run === state.run) && state.step + 1 >= check.at_least &&
        (check.has === null || has(check.has)) && now.nodes.length >= check.min_drafts &&
        now.committed >= check.min_committed &&
        (check.max_accepted === null || now.accepted <= check.max_accepted) &&
        branchesOf(now) >= check.min_branches &&
        (!check.beyond_argmax || now.nodes.some(node => ['accepted', 'relaxed'].includes(node.f) && node.r > 1));
    case 'token': {
      const node = nodeOf(selected());
      return Boolean(node) && selected() > 0 && depthOf(selected()) >= check.min_depth &&
        (check.fate === null || (knows('verify') && node.f === check.fate));
    }
    case 'pass': return data.passes[batch.pass].drafts >= check.min_drafts;
    case 'run': return check.run === state.run;
    case 'predicted': return quiz.asked >= check.at_least;
    default: return false;
  }
}

function answerOf(check) {
  if (check.value !== null) return [check.value, check.told];
  return moving(check.figure) || [null, check.told];
}

/** A copy of a text, with the figures of what is looked at. */
function told(paragraph) {
  const copy = paragraph.cloneNode(true);
  for (const figure of copy.querySelectorAll('[data-figure]')) {
    const now = moving(figure.dataset.figure);
    if (now) figure.textContent = now[1];
  }
  return [...copy.childNodes];
}

function ask() {
  const item = listed[course.task];
  const task = data.tasks[course.task];
  const isNumber = Boolean(task) && task.check.is === 'answer';
  $('box-number').hidden = !isNumber;
  $('box-check').hidden = !isNumber;
  $('box-show').hidden = !task;
  $('box-next').hidden = !task;
  $('box-wrong').textContent = '';
  $('box-input').value = '';
  $('box-place').textContent = 'task ' + Math.min(course.task + 1, listed.length) + ' of ' + listed.length +
    ' · ' + course.done.size + ' done';
  if (task) {
    $('box-ask').replaceChildren('▸ ', ...told(item.querySelector('.ask')));
  } else {
    const open = listed.length - course.done.size;
    $('box-ask').replaceChildren(open ? '▸ ' + counted(open, 'task') + ' passed over: the list below has them all.'
      : '▸ The lesson is done. Explore, or go on to another one.');
  }
}

function learned(isDone, answer) {
  const item = listed[course.task];
  if (isDone) {
    course.done.add(course.task);
    $('box-learned').replaceChildren(answer ? 'Answer: ' + answer + '. ' : '', ...told(item.querySelector('.learned')));
  } else {
    $('box-learned').replaceChildren();
  }
  course.task += 1;
  ask();
}

let isTicking = false;

/** Goes on if the player is where the task wants it, task by task. */
function tick() {
  if (isTicking || course.task >= data.tasks.length || !fits(data.tasks[course.task].check)) return;
  isTicking = true;
  learned(true);
  isTicking = false;
}

function check(event) {
  event.preventDefault();
  const task = data.tasks[course.task];
  if (!task || task.check.is !== 'answer') return;
  const text = $('box-input').value.trim();
  const typed = Number(text.replace(',', '.'));
  const [value] = answerOf(task.check);
  if (!text) return;
  if (Number.isNaN(typed)) {
    $('box-wrong').textContent = '“' + text + '” is not a number.';
  } else if (value !== null && Math.abs(typed - value) <= task.check.within * Math.abs(value) + 1e-9) {
    learned(true);
    $('box-ask').focus();
  } else {
    $('box-wrong').textContent = 'Not ' + text + ': look again.';
  }
}

/** Shows the answer: goes to the place that the task asks for, or says the number. */
function showAnswer() {
  const task = data.tasks[course.task];
  if (!task) return;
  play(false);
  if (task.check.is === 'answer') {
    const [, words] = answerOf(task.check);
    learned(true, words);
  } else if (task.check.is === 'look' || task.check.is === 'predicted') {
    learned(true);
  } else {
    batch.pass = task.place.pass;
    isTicking = true;
    if (data.passes.length) drawBatch();
    state.run = task.place.run;
    state.step = task.place.step;
    state.phase = null;
    state.node = task.place.node || null;
    draw();
    isTicking = false;
    learned(true);
  }
  $('box-ask').focus();
}

function goOn() {
  if (course.task >= data.tasks.length) return;
  learned(data.tasks[course.task].check.is === 'look');
  $('box-ask').focus();
}

const taskKeys = {
  a: () => { if (!$('box-number').hidden) $('box-input').focus(); },
  d: showAnswer,
  n: goOn,
};

for (const place of [$('player'), $('batch')].filter(Boolean)) {
  place.addEventListener('keydown', event => {
    if (event.target === $('box-input') && event.key === 'Escape') $('box-ask').focus();
    const act = isTaken(event) ? null : taskKeys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
$('box-form').addEventListener('submit', check);
$('box-show').addEventListener('click', showAnswer);
$('box-next').addEventListener('click', goOn);
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
});

document.documentElement.classList.add('js');
for (const id of ['box', 'tabs', 'controls', 'step', 'keys']) {
  if ($(id)) $(id).hidden = false;
}
beginBatch();
draw();
watchers.push(tick);
ask();
