'use strict';
document.documentElement.classList.add('js');
const range = document.getElementById('step');
const steps = [...document.querySelectorAll('section.step')];
const tokens = [...document.querySelectorAll('.text span[data-step]')];
const detail = document.getElementById('detail');
const told = document.getElementById('told');

function show(number) {
  range.value = number;
  told.textContent = 'step ' + number + ' of ' + steps.length;
  steps.forEach((step, i) => { step.hidden = i + 1 !== number; });
  tokens.forEach(t => t.classList.toggle('here', Number(t.dataset.step) === number));
}
const go = by => show(Math.min(steps.length, Math.max(1, Number(range.value) + by)));
const say = event => { detail.textContent = event.currentTarget.title; };
range.addEventListener('input', () => show(Number(range.value)));
document.getElementById('before').addEventListener('click', () => go(-1));
document.getElementById('after').addEventListener('click', () => go(1));
for (const token of tokens) {
  token.tabIndex = 0;
  token.setAttribute('role', 'button');
  token.addEventListener('mouseenter', say);
  token.addEventListener('focus', say);
  token.addEventListener('click', () => show(Number(token.dataset.step)));
  token.addEventListener('keydown', event => {
    if (event.key === 'Enter') show(Number(token.dataset.step));
  });
}
if (steps.length) show(1);
