element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-event]');
  if (!button) return;
  const data = button.dataset;
  if (data.event === 'say') trigger('say', { text: data.text });
  if (data.event === 'mark') trigger('mark', { kind: data.kind, item: data.item });
  if (data.event === 'remove') trigger('remove', { belief: data.belief });
  if (data.event === 'erase') trigger('erase');
  if (data.event === 'vary') trigger('vary', { variety: data.variety });
  if (data.event === 'save') ask('save');
});
// What was asked of the server, so that its answer is put to use when it has been drawn.
let asked = '';
function ask(what, data) {
  asked = what;
  trigger(what, data);
}
const MOST_READ = 64_000_000;
element.addEventListener('change', (event) => {
  const file = event.target.matches('input[data-event=bring]') && event.target.files[0];
  if (!file) return;
  event.target.parentElement.classList.add('r-busy');
  event.target.nextElementSibling.textContent = `Reading ${file.name}…`;
  const reader = new FileReader();
  reader.onload = () => ask('bring', { file: file.name, size: file.size, data: reader.result.split(',')[1] ?? '' });
  reader.onerror = () => ask('bring', { file: file.name, size: file.size, data: '' });
  // The server says what is too large; a file that is too large to be sent at all arrives as none.
  reader.readAsDataURL(file.size > MOST_READ ? new Blob() : file);
});
watch('value', () => {
  const [answered, value] = [asked, props.value];
  asked = '';
  if (answered === 'bring') element.querySelector('.r-report')?.focus();
  if (answered !== 'save' || !value.saved) return;
  const link = document.createElement('a');
  // The text went through to_template (ui/components.py).
  const text = value.saved.replaceAll('\\$', '$').replaceAll('\\\\', '\\');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = 'rapport-profile.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  element.querySelector('[data-event=save]')?.focus();
});
// Gradio's log scrolls but cannot be reached with the keyboard.
const log = document.querySelector('#rapport-chat .bubble-wrap');
if (log) log.tabIndex = 0;
