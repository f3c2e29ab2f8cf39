element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-event]');
  if (!button) return;
  const data = button.dataset;
  if (data.event === 'say') trigger('say', { text: data.text });
  if (data.event === 'mark') trigger('mark', { kind: data.kind, item: data.item });
  if (data.event === 'remove') trigger('remove', { belief: data.belief });
  if (data.event === 'erase') trigger('erase');
});
// Gradio's log scrolls but cannot be reached with the keyboard.
const log = document.querySelector('#rapport-chat .bubble-wrap');
if (log) log.tabIndex = 0;
