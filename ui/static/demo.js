/* What a site does with the chat: opens it, says something for the visitor, and keeps the titles that are tapped in it. */

await customElements.whenDefined('rapport-chat');
const chat = document.querySelector('rapport-chat');

document.querySelector('[data-open]').addEventListener('click', () => chat.open());

for (const button of document.querySelectorAll('[data-like]')) {
  button.addEventListener('click', () => {
    chat.open();
    chat.send(`Something like ${button.dataset.like}`);
  });
}

const kept = new Set();
chat.addEventListener('rapport-item-click', (event) => {
  event.preventDefault();
  const { item } = event.detail;
  if (kept.has(item.id)) return;
  kept.add(item.id);
  const line = document.createElement('li');
  line.textContent = item.year === null ? item.title : `${item.title} (${item.year})`;
  document.querySelector('#kept').append(line);
  document.querySelector('#none').hidden = true;
});
