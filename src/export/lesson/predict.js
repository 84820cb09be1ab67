// Predictions: a question about a step while its verdict is hidden, then what happened.
const quiz = { step: null, isOpen: false, asked: 0, right: 0, estimated: 0 };

/** The question of the first step from one on that has one; from the end, of the whole run. */
function predict(from) {
  const steps = run().steps;
  const ahead = steps.findIndex((at, index) => index >= from && at.question);
  const found = ahead < 0 ? steps.findIndex(at => at.question) : ahead;
  if (found < 0) {
    $('where').textContent = 'This run has no drafts to predict.';
    return;
  }
  quiz.step = null;
  goTo(found, 'draft');
  quiz.step = found;
  quiz.isOpen = true;
  const asked = step().question;
  const type = asked.single ? 'radio' : 'checkbox';
  $('predict-ask').textContent = asked.ask;
  $('predict-choices').replaceChildren(...asked.choices.map((choice, at) =>
    el('label', {}, el('input', { type, name: 'choice', value: at }), choice[0])));
  $('predict-told').textContent = '';
  $('predict-check').hidden = false;
  $('predict-next').hidden = true;
  $('predict').hidden = false;
  $('predict-choices').querySelector('input').focus();
}

function lookAtAnswer(event) {
  event.preventDefault();
  if (!quiz.isOpen) return;
  const asked = step().question;
  const labels = [...$('predict-choices').children];
  const marked = labels.map(label => label.firstChild.checked);
  if (asked.single && !marked.includes(true)) return;
  const isRight = asked.choices.every((choice, at) => choice[1] === marked[at]);
  quiz.isOpen = false;
  quiz.asked += 1;
  quiz.right += Number(isRight);
  quiz.estimated += Number(asked.choices.every(choice => choice[1] === choice[2]));
  labels.forEach((label, at) => {
    label.firstChild.disabled = true;
    if (asked.choices[at][1]) label.classList.add('right');
    else if (marked[at]) label.classList.add('wrong');
    if (asked.choices[at][1]) label.append(' ✓');
  });
  $('predict-told').textContent = (isRight ? '✓ Right. ' : '✗ Not quite. ') + asked.told + ' Score: ' + quiz.right +
    ' of ' + quiz.asked + ', by the drafter’s estimates ' + quiz.estimated + '.';
  $('predict-check').hidden = true;
  $('predict-next').hidden = false;
  $('predict-next').focus();
  goTo(state.step, 'commit');
}

function endPredicting() {
  quiz.step = null;
  quiz.isOpen = false;
  $('predict').hidden = true;
}

/** Whoever goes elsewhere is no longer asked. */
function watchQuiz() {
  if (quiz.step !== null && (state.step !== quiz.step || (quiz.isOpen && knows('verify')))) endPredicting();
}

watchers.push(watchQuiz);
actions.predict = () => predict(state.phase === null && state.step + 1 < run().steps.length ? state.step + 1 : state.step);
keys.q = 'predict';
keys.Q = 'predict';
$('predict').addEventListener('submit', lookAtAnswer);
$('predict-next').addEventListener('click', () => predict(state.step + 1));
$('predict-end').addEventListener('click', () => { endPredicting(); goTo(state.step); $('tree').focus(); });
