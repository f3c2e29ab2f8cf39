/* <rapport-chat>: a conversation with Rapport on any page. One module, no dependencies; docs/widget.md says how to use it. */

const HOME = new URL('.', import.meta.url).href;
const LONGEST = 2000;
const BUSY_WAITS = 12;
const GREETING = "Hello! Tell me what you feel like: a mood, something you loved, or what you can't stand.";
const UNREACHABLE = "I can't reach the server just now. Nothing you said is lost.";
const FAILED = 'Something went wrong on my side. Nothing you said is lost.';
const TOO_FAST = 'That was a lot at once. Give me a moment, then try again.';
const ENDED = 'Our last conversation has ended, so this is a fresh start.';
const NOTES = {
  like: 'Noted: you like this one.',
  dislike: 'Noted: not for you. It will not be shown again.',
  seen: 'Noted: seen. It will not be shown again.',
};
const GROUPS = { like: 'likes', dislike: 'dislikes', seen: 'seen' };

/* ---------------------------------------------------------------- look */

const LIGHT = {
  paper: '#f7f6f2', surface: '#fff', sunk: '#efede6', ink: '#1c2320', soft: '#59615c', line: '#dfdcd1',
  green: '#1f5b4e', pen: '#fbe8ac', alarm: '#8f2d20', shade: '28 35 32',
};
const DARK = {
  paper: '#141917', surface: '#1b211f', sunk: '#252c29', ink: '#ecebe4', soft: '#a7afa9', line: '#343c38',
  green: '#86c5b2', pen: '#5a4712', alarm: '#f0a597', shade: '0 0 0',
};
const variables = (colours) => Object.entries(colours).map(([name, value]) => `--${name}:${value};`).join('');

const CSS = `
:host { ${variables(LIGHT)} color-scheme: light; }
@media (prefers-color-scheme: dark) { :host(:not([theme=light])) { ${variables(DARK)} color-scheme: dark; } }
:host([theme=dark]) { ${variables(DARK)} color-scheme: dark; }
:host([mode=inline]) { display: block; }
[hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }

.root {
  all: initial;
  --accent: var(--rapport-accent, var(--green));
  --wash: color-mix(in srgb, var(--accent) 13%, var(--surface));
  --on: var(--rapport-on-accent, #fff);
  --radius: var(--rapport-radius, 16px);
  color: var(--ink);
  font: 400 15px/1.5 var(--rapport-font, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif);
  text-align: start;
  -webkit-text-size-adjust: 100%;
}
@supports (color: oklch(from red l c h)) {
  .root { --on: var(--rapport-on-accent, oklch(from var(--accent) clamp(0, (.57 - l) * 1000, 1) 0 0)); }
}
:host([mode=inline]) .root { display: block; height: 100%; min-height: 420px; }

button, textarea { margin: 0; border: 0; background: none; color: inherit; font: inherit; letter-spacing: inherit; }
button { padding: 0; cursor: pointer; touch-action: manipulation; }
button:disabled { cursor: default; opacity: .45; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
h2, h3, p, ul { margin: 0; padding: 0; font-size: inherit; font-weight: inherit; }
ul { list-style: none; }
svg.icon { display: block; width: 16px; height: 16px; fill: none; stroke: currentcolor; stroke-width: 1.6;
  stroke-linecap: round; stroke-linejoin: round; }
.hush { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher {
  position: fixed; z-index: var(--rapport-z, 2147483000); inset-block-end: 20px; inset-inline-end: 20px;
  display: grid; place-items: center; width: 56px; height: 56px; border-radius: 50%;
  background: var(--accent); color: var(--on);
  box-shadow: 0 1px 3px rgb(var(--shade) / 20%), 0 10px 28px -8px rgb(var(--shade) / 45%);
}
.launcher .icon { width: 24px; height: 24px; }
.launcher .fresh { position: absolute; inset-block-start: 2px; inset-inline-end: 2px; width: 13px; height: 13px;
  border: 2px solid var(--surface); border-radius: 50%; background: #d9482b; }
.launcher:focus-visible { outline-offset: 3px; box-shadow: 0 0 0 3px var(--surface); }

.panel {
  position: fixed; z-index: var(--rapport-z, 2147483000); inset-block-end: 90px; inset-inline-end: 20px;
  display: flex; flex-direction: column; width: 420px; max-width: calc(100vw - 40px);
  height: min(720px, 100vh - 112px); height: min(720px, 100dvh - 112px); overflow: hidden;
  border: 1px solid var(--line); border-radius: var(--radius); background: var(--paper);
  box-shadow: 0 2px 6px rgb(var(--shade) / 8%), 0 24px 64px -16px rgb(var(--shade) / 40%);
}
.panel:focus { outline: none; }
:host([position$=start]) :is(.launcher, .panel) { inset-inline: 20px auto; }
:host([position$=left]) :is(.launcher, .panel) { left: 20px; right: auto; }
:host([position$=right]) :is(.launcher, .panel) { left: auto; right: 20px; }
:host([mode=inline]) .panel { position: relative; inset: auto; z-index: auto; width: auto; max-width: none;
  height: 100%; min-height: inherit; box-shadow: none; }
:host([mode=inline]) .launcher { display: none; }

.head { display: flex; flex: none; align-items: center; gap: 4px; min-height: 54px; padding-inline: 18px 10px;
  border-bottom: 1px solid var(--line); background: var(--surface); }
.name { flex: 1; overflow: hidden; font-size: 16.5px; font-weight: 700; letter-spacing: -.02em; white-space: nowrap; text-overflow: ellipsis; }
.name::after { content: ""; display: inline-block; width: 6px; height: 6px; margin-inline-start: 3px; border-radius: 50%; background: var(--accent); }
.tool { display: flex; align-items: center; justify-content: center; gap: 6px; min-width: 36px; height: 36px; padding-inline: 10px;
  border-radius: 10px; color: var(--soft); font-size: 13.5px; }
.tool.sure { background: var(--wash); color: var(--ink); }

.log { flex: 1; min-height: 0; overflow: hidden auto; padding: 18px 18px 12px; mask-image: linear-gradient(#000 calc(100% - 12px), transparent); overscroll-behavior: contain;
  scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.log:focus-visible { outline-offset: -2px; }
.hello { max-width: 22em; padding-block: 6px 10px; font-size: 19px; letter-spacing: -.012em; line-height: 1.36; text-wrap: pretty; }
.begun .hello { padding: 0 0 16px; font-size: inherit; letter-spacing: 0; line-height: 1.5; }
.panel:not(.begun) .log { display: flex; flex-direction: column; }
.panel:not(.begun) .hello { margin-block-end: auto; }
.fan { display: flex; margin-block: auto 22px; padding-inline-start: 4px; }
.fan .art { flex: none; margin-inline-end: -16px; box-shadow: 0 4px 14px -6px rgb(var(--shade) / 50%); transform: rotate(-5deg) translateY(3px); }
.fan .art + .art { position: relative; transform: none; }
.fan .art + .art + .art { transform: rotate(5deg) translateY(3px); }
.begun .fan { display: none; }
.turn { padding-block-end: 14px; }
.turn:last-of-type { min-height: 100%; }
.said { width: fit-content; max-width: 86%; margin-block-end: 12px; margin-inline-start: auto; padding: 8px 14px;
  border-radius: 18px; border-end-end-radius: 5px; background: var(--wash); white-space: pre-wrap; overflow-wrap: anywhere; }
.say { white-space: pre-line; overflow-wrap: anywhere; }
.say:empty { display: none; }
.waiting { display: flex; gap: 5px; padding-block: 9px; }
.waiting i { width: 6px; height: 6px; border-radius: 50%; background: var(--soft); opacity: .55; }
.note { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; margin-block: 10px; color: var(--soft); font-size: 14px; }
.note.wrong { padding: 10px 12px; border-inline-start: 3px solid var(--alarm); border-radius: 4px 10px 10px 4px; background: var(--surface); color: var(--ink); }

.cards { display: grid; gap: 10px; margin-block: 12px; }
.card { display: grid; grid-template-columns: 64px minmax(0, 1fr); gap: 10px 13px; padding: 12px; border: 1px solid var(--line);
  border-radius: calc(var(--radius) * .85); background: var(--surface); }
.art { display: block; width: 64px; height: 96px; padding: 0; border-radius: 7px; object-fit: cover; background: var(--sunk); overflow: hidden; direction: ltr; }
:is(.hello, .said, .say, .title, .link, .facts, .words, .reasons li, .ask, .told, .chip, .note span) { unicode-bidi: plaintext; }
.title { font-size: 16px; font-weight: 700; letter-spacing: -.012em; line-height: 1.28; overflow-wrap: anywhere; }
.link { display: inline; border-radius: 3px; color: inherit; font: inherit; text-align: start; text-decoration: underline;
  text-decoration-color: transparent; text-underline-offset: 3px; }
a.link { text-decoration-color: var(--line); }
.link:hover { text-decoration-color: currentcolor; }
.year { color: var(--soft); font-size: 14px; font-weight: 400; letter-spacing: 0; font-variant-numeric: tabular-nums; }
.facts { margin-block-start: 2px; color: var(--soft); font-size: 13.5px; line-height: 1.4; overflow-wrap: anywhere; }
.facts li { display: inline; unicode-bidi: normal; }
.facts li + li::before { content: " · "; }
.words { margin-block-start: 6px; font-size: 14.5px; line-height: 1.46; overflow-wrap: anywhere; }
.words:empty { display: none; }
.reasons { display: grid; gap: 3px; grid-column: 1 / -1; padding-inline-start: 10px; border-inline-start: 2px solid var(--accent);
  font-size: 13.5px; line-height: 1.5; overflow-wrap: anywhere; }
.quote { color: var(--soft); }
q { padding: 1px 3px; border-radius: 3px; background: var(--pen); color: var(--ink); quotes: "“" "”";
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.actions { display: flex; flex-wrap: wrap; grid-column: 1 / -1; align-items: center; gap: 6px; }
.mark { display: grid; place-items: center; width: 34px; height: 30px; border: 1px solid var(--line); border-radius: 15px; }
.mark[aria-pressed=true] { border-color: var(--accent); background: var(--accent); color: var(--on); }
.mark[aria-pressed=true] .solid { fill: currentcolor; }
.ask { min-height: 30px; padding-inline: 7px; border-radius: 8px; color: var(--accent); font-size: 13.5px;
  text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 3px; }
.mark + .ask { margin-inline-start: auto; }
.told { grid-column: 1 / -1; color: var(--soft); font-size: 13.5px; }
.told:empty { display: none; }
.card.gone { background: none; }
.card.gone .art { opacity: .45; filter: saturate(.5); }
.card.gone :is(.title, .words, .reasons) { color: var(--soft); }

.chips { display: flex; flex: none; flex-wrap: wrap; gap: 7px; padding: 8px 18px 2px; }
.chips:empty { display: none; }
.chip { min-height: 32px; padding: 4px 13px; border: 1px solid var(--line); border-radius: 16px; background: var(--surface); color: var(--accent);
  font-size: 14px; line-height: 1.35; text-align: start; overflow-wrap: anywhere; }
.box { display: flex; flex: none; align-items: flex-end; gap: 6px; margin: 10px 14px 14px; padding: 5px; padding-inline-start: 14px;
  border: 1px solid var(--line); border-radius: calc(var(--radius) * .95); background: var(--surface); }
.box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 3px var(--wash); }
textarea { flex: 1; min-width: 0; max-height: 124px; padding: 6px 0; font-size: 16px; line-height: 1.4; resize: none; field-sizing: content; }
textarea:focus-visible { outline: none; }
textarea::placeholder { color: var(--soft); opacity: 1; }
.go { display: grid; flex: none; place-items: center; width: 36px; height: 36px; border-radius: calc(var(--radius) * .7); background: var(--accent); color: var(--on); }
.go .icon { stroke-width: 2; }
.go:disabled { background: var(--sunk); color: var(--soft); opacity: 1; }

@media (hover: hover) {
  .tool:hover { background: var(--sunk); color: var(--ink); }
  .chip:hover, .mark:hover { border-color: var(--accent); background-color: var(--wash); }
  .mark[aria-pressed=true]:hover { color: var(--ink); }
  .ask:hover { background: var(--wash); }
}
@media (max-width: 480px) {
  :host(:not([mode=inline])) .panel { inset: 0; width: auto; max-width: none; height: auto; max-height: var(--tall, none); border: 0; border-radius: 0; }
  :host([open]:not([mode=inline])) .launcher { display: none; }
  .begun .chips { flex-wrap: nowrap; overflow: auto hidden; padding-block: 8px 4px; scrollbar-width: none; }
  .begun .chips li { flex: none; }
}
@media (prefers-reduced-motion: no-preference) {
  .panel { animation: rise 180ms ease-out; }
  :host([mode=inline]) .panel { animation: none; }
  .launcher, .chip, .mark, .tool, .go { transition: background-color 120ms, border-color 120ms, transform 120ms; }
  .launcher:hover { transform: scale(1.05); }
  .new .card { animation: arrive 260ms ease-out both; }
  .new li:nth-child(2) .card { animation-delay: 60ms; }
  .new li:nth-child(n + 3) .card { animation-delay: 120ms; }
  .waiting i { animation: beat 1.2s ease-in-out infinite; }
  .waiting i:nth-child(2) { animation-delay: 150ms; }
  .waiting i:nth-child(3) { animation-delay: 300ms; }
}
@keyframes rise { from { opacity: 0; transform: translateY(10px); } }
@keyframes arrive { from { opacity: 0; transform: translateY(6px); } }
@keyframes beat { 30% { opacity: 1; transform: translateY(-3px); } 60% { opacity: .55; transform: none; } }
@media (forced-colors: active) {
  .launcher, .go, .mark[aria-pressed=true] { border: 2px solid; }
  .mark[aria-pressed=true] { forced-color-adjust: none; background: Highlight; color: HighlightText; }
}
`;
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(CSS);

const ICONS = {
  chat: ['M8 2.2c3.5 0 6 2.3 6 5.2s-2.5 5.2-6 5.2a7.4 7.4 0 0 1-1.7-.2L3 14l.5-3A5 5 0 0 1 2 7.4c0-2.9 2.5-5.2 6-5.2Z'],
  close: ['m4 4 8 8M12 4l-8 8'],
  down: ['m3.5 6 4.5 4.5L12.5 6'],
  send: ['M8 13V3.5M3.8 7.5 8 3.3l4.2 4.2'],
  stop: ['M5 5h6v6H5z'],
  anew: ['M3 8a5 5 0 1 0 1.7-3.8L3 5.7M3 2.6v3.1h3.1'],
  like: ['M8 13.6 2.9 8.5a3.2 3.2 0 0 1 4.5-4.6l.6.6.6-.6a3.2 3.2 0 0 1 4.5 4.6z'],
  dislike: ['m4 4 8 8M12 4l-8 8'],
  seen: ['M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8Z', 'M8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6Z'],
};

/* ---------------------------------------------------------------- building nodes: data only ever becomes text or an attribute */

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}

function draw(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const icon = (name) =>
  draw('svg', { class: `icon ${name === 'like' ? 'solid' : ''}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    ...ICONS[name].map((d) => draw('path', { d })));

const web = (address) => /^https?:\/\//i.test(address || '') && URL.canParse?.(address) !== false;
const nameOf = (item) => (item.year == null ? item.title : `${item.title} (${item.year})`);

/* ---------------------------------------------------------------- placeholder art: the same picture for the same item */

const PALETTES = [
  '0e2f29 1f5b50 e8b44c f8f3e4', '14213d 2b4570 e58a6b f6f1e8', '34182b 6a2e4f f2a65a fbefe4', '521711 93372a f3d9a4 fdf4e4',
  '3f2c08 79571a f4dfa8 fff6df', '0a3440 14616f f2c57c f0f8f7', '22262f 465063 c8d5b9 f6f6f1', '251a52 4f3d96 f4b9b8 f4f0ff',
  '29330f 525f28 e9c46a f8f6e6', '521a33 983b5d f6d6c9 fff2ef', '0f1020 2c2d58 8ed1c6 f0f2ff', '3f2419 7a4d39 dde5c9 fbf4ea',
].map((four) => four.split(' ').map((colour) => `#${colour}`));
const SMALL = new Set('a an and at de der die in la le of on the to'.split(' '));
let drawn = 0;

function digest(text) {
  let hash = 2166136261;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
  return hash >>> 0;
}

/** Numbers between low and high drawn from a name: always the same ones for the same name. */
function dice(name) {
  let state = digest(name);
  return (low, high) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return low + ((high - low) * ((mixed ^ (mixed >>> 14)) >>> 0)) / 4294967296;
  };
}

function initials(title) {
  const words = title.split(/\s+/).map((word) => word.replace(/[^\p{L}\p{N}]/gu, '')).filter(Boolean);
  const telling = words.filter((word) => !SMALL.has(word.toLowerCase()));
  const chosen = telling.length ? telling : words;
  if (chosen.length === 1 && /^\d+$/.test(chosen[0])) return chosen[0].slice(-2);
  return chosen.slice(0, 2).map((word) => [...word][0].toUpperCase()).join('');
}

const SHAPES = [
  (roll) => [
    draw('circle', { cx: roll(16, 48), cy: roll(22, 40), r: roll(11, 19) }),
    ...[0, 1, 2, 3, 4].map((n) => draw('rect', { x: 0, y: 54 + 5 * n, width: 64, height: 2, opacity: 0.5 - 0.08 * n })),
  ],
  (roll) => {
    const [cx, cy, gap] = [roll(0, 64), roll(0, 40), roll(6, 9)];
    return [1, 2, 3, 4, 5, 6, 7].map((n) =>
      draw('circle', { cx, cy, r: gap * n, fill: 'none', 'stroke-width': gap * 0.34, opacity: 1 - 0.12 * n }));
  },
  (roll) => {
    const [x, y] = [roll(8, 56), roll(8, 54)];
    return Array.from({ length: 56 }, (_, n) => {
      const [cx, cy] = [4 + 8 * (n % 8), 6 + 9 * Math.floor(n / 8)];
      const near = Math.max(0, 1 - Math.hypot(cx - x, cy - y) / 56);
      return draw('circle', { cx, cy, r: 0.6 + 3 * near * near, opacity: 0.25 + 0.65 * near });
    });
  },
  (roll) => {
    const [x, y, turn] = [roll(0, 64), roll(-6, 30), roll(0, 1)];
    const point = (angle) => `${x + 130 * Math.cos(angle)} ${y + 130 * Math.sin(angle)}`;
    return Array.from({ length: 12 }, (_, n) => {
      const angle = ((n + turn) * Math.PI) / 6;
      return draw('path', { d: `M${x} ${y}L${point(angle)}L${point(angle + 0.2)}Z`, opacity: n % 2 ? 0.75 : 0.3 });
    });
  },
  (roll) => {
    const [lift, tilt] = [roll(4, 11), roll(0, 24)];
    return [0, 1, 2, 3, 4].map((n) => {
      const y = 22 + 11 * n;
      const d = `M-32 ${y}q16 ${-lift * 2} 32 0t32 0t32 0t32 0v90h-128Z`;
      return draw('path', { d, transform: `translate(${-tilt * (n % 2)} 0)`, opacity: 0.2 + 0.07 * n });
    });
  },
  (roll) => Array.from({ length: 7 }, (_, n) =>
    draw('rect', { x: 5 + 8 * n, y: roll(8, 46), width: 5, height: 90, rx: 2.5, opacity: roll(0.3, 0.95) })),
];

function picture(item) {
  const roll = dice(item.id);
  const [deep, ground, shape, letter] = PALETTES[(digest(item.genres?.[0] ?? '') + 5 * Math.floor(roll(0, 3))) % PALETTES.length];
  const id = `art${++drawn}`;
  const letters = initials(item.title);
  const fade = (name, turn, from, to) =>
    draw('linearGradient', { id: name, x2: turn, y2: 1 }, draw('stop', { offset: from[0], 'stop-color': from[1], 'stop-opacity': from[2] }),
      draw('stop', { offset: 1, 'stop-color': deep, 'stop-opacity': to }));
  const text = draw('text', { x: 6, y: 89, fill: letter, 'font-family': 'Georgia,Cambria,serif', 'font-weight': 600, 'font-size': letters.length > 1 ? 27 : 36 });
  text.textContent = letters;
  return draw('svg', { class: 'art', viewBox: '0 0 64 96', 'aria-hidden': 'true', preserveAspectRatio: 'xMidYMid slice' },
    draw('defs', {}, fade(`${id}g`, roll(0.3, 1.2), [0, ground, 1], 1), fade(`${id}f`, 0, [0.4, deep, 0], 0.92)),
    draw('rect', { width: 64, height: 96, fill: `url(#${id}g)` }),
    draw('g', { fill: shape, stroke: shape, 'stroke-width': 0 }, ...SHAPES[Math.floor(roll(0, SHAPES.length))](roll)),
    draw('rect', { width: 64, height: 96, fill: `url(#${id}f)` }), text);
}

/* ---------------------------------------------------------------- what a card says */

function facts(item) {
  const found = [(item.genres ?? []).slice(0, 2).join(', '), item.people?.[0]].filter(Boolean);
  for (const values of Object.values(item.facets ?? {})) {
    if (found.length > 1) break;
    const fact = values.slice(0, 2).join(', ');
    if (fact && !found.includes(fact)) found.push(fact);
  }
  return found.slice(0, 2);
}

/** The two strongest reasons; fame counts only where little else does. */
function strongest(reasons) {
  const speaking = reasons.filter((reason) => reason.weight > 0).sort((one, other) => other.weight - one.weight);
  const telling = speaking.filter((reason) => reason.kind !== 'popularity');
  const quoted = new Set();
  return (telling.length ? telling : speaking).slice(0, 2).map((reason) => {
    const proof = (reason.evidence ?? []).find(({ quote }) => quote && !/^tapped “| your import, row /.test(quote) && !quoted.has(quote));
    if (proof) quoted.add(proof.quote);
    return { label: LABELS[reason.kind]?.(reason.label) ?? reason.label, quote: proof?.quote ?? '' };
  });
}
const LABELS = {
  similar: (title) => `like ${title}`,
  liked: (title) => `close to ${title}, which you liked`,
  disliked: (title) => `unlike ${title}, which you did not like`,
  looked: (title) => `close to ${title}`,
  passed: (title) => `unlike ${title}`,
  chosen: (title) => `close to ${title}`,
};

/* ---------------------------------------------------------------- the server */

class Problem extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

async function problemOf(answer) {
  const told = await answer.json().catch(() => ({}));
  const meant = answer.status < 500 || told.code === 'not_ready' ? told.detail : FAILED;
  const message = answer.status === 429 ? TOO_FAST : meant;
  return new Problem(answer.status, told.code ?? String(answer.status), typeof message === 'string' ? message : FAILED);
}

/** Server-sent events of a response body: yields {event, data}. Lines and characters may be split anywhere. */
async function* eventsOf(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data = [];
  for (;;) {
    const { done, value } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        if (data.length) yield { event, data: JSON.parse(data.join('\n')) };
        event = '';
        data = [];
      } else if (line.startsWith('event:')) event = line.slice(6).trim();
      else if (line.startsWith('data:')) data.push(line.slice(5));
    }
    if (done) return;
  }
}

const pause = (milliseconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

/** One session on the server; its id and token are kept in the browser's storage, or in memory where that is blocked. */
class Session {
  constructor(server, persist) {
    this.server = server;
    this.key = `rapport-chat ${server}`;
    try {
      this.storage = { session: sessionStorage, none: null }[persist] ?? (persist === 'none' ? null : localStorage);
    } catch {
      this.storage = null;
    }
    try {
      const kept = JSON.parse(this.storage?.getItem(this.key) ?? 'null');
      this.known = kept?.id && kept?.token ? kept : null;
    } catch {
      this.known = null;
    }
  }

  keep(known) {
    this.known = known;
    try {
      if (known) this.storage?.setItem(this.key, JSON.stringify(known));
      else this.storage?.removeItem(this.key);
    } catch {
      this.storage = null;
    }
  }

  async ask(method, path, { body, headers, signal } = {}) {
    let answer;
    try {
      answer = await fetch(new URL(`v1/sessions${path}`, this.server), {
        method, signal, credentials: 'omit', cache: 'no-store', body: body && JSON.stringify(body),
        headers: { ...(this.known && { Authorization: `Bearer ${this.known.token}` }), ...(body && { 'Content-Type': 'application/json' }), ...headers },
      });
    } catch (error) {
      throw error.name === 'AbortError' ? error : new Problem(0, 'unreachable', UNREACHABLE);
    }
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }

  mine(method, path = '', options) {
    return this.ask(method, `/${encodeURIComponent(this.known.id)}${path}`, options);
  }

  async begin(signal) {
    const { session_id: id, token } = await (await this.ask('POST', '', { body: {}, signal })).json();
    this.keep({ id, token });
  }

  /** One turn: calls `take(event, data)` as it comes. A retry with the same `key` gets the first reply. */
  async say(text, key, signal, take) {
    if (!this.known) await this.begin(signal);
    const headers = { Accept: 'text/event-stream', 'Idempotency-Key': key };
    for (let wait = 1; ; wait += 1) {
      try {
        return await this.hear(await this.mine('POST', '/messages', { body: { text }, headers, signal }), take);
      } catch (problem) {
        if (problem.status !== 409 || wait > BUSY_WAITS) throw problem;
        await pause(150 * wait, signal);
      }
    }
  }

  async hear(answer, take) {
    if (answer.headers.get('content-type')?.includes('json')) {
      take('done', { reply: await answer.json() });
      return;
    }
    try {
      for await (const { event, data } of eventsOf(answer.body)) {
        if (event === 'error') throw new Problem(200, data.code, data.message);
        take(event, data);
        if (event === 'done') return;
      }
    } catch (error) {
      if (error instanceof Problem || error.name === 'AbortError') throw error;
    }
    throw new Problem(0, 'interrupted', UNREACHABLE);
  }

  /** All that was said, and the profile. A turn that is still being answered is waited for. */
  async turns() {
    let kept = await (await this.mine('GET')).json();
    for (let wait = 1; kept.running && wait <= BUSY_WAITS; wait += 1) {
      await pause(150 * wait);
      kept = await (await this.mine('GET')).json();
    }
    return { turns: kept.turns, profile: await (await this.mine('GET', '/profile')).json() };
  }

  /** Record a tap, or take it back. Resolves to the profile. */
  async mark(kind, itemId, pressed) {
    if (pressed) return (await this.mine('POST', '/events', { body: { kind, item_id: itemId } })).json();
    const profile = await (await this.mine('GET', '/profile')).json();
    const remove = profile[GROUPS[kind]].filter((belief) => belief.item_id === itemId).map((belief) => belief.id);
    return remove.length ? (await this.mine('PATCH', '/profile', { body: { remove } })).json() : profile;
  }

  clicked(itemId) {
    if (this.known) this.mine('POST', '/events', { body: { kind: 'click', item_id: itemId } }).catch(() => {});
  }

  forget() {
    if (this.known) this.mine('DELETE').catch(() => {});
    this.keep(null);
  }
}

/* ---------------------------------------------------------------- one card, one turn */

class Card {
  constructor(chat, { item, reasons }) {
    this.chat = chat;
    this.item = item;
    this.words = make('p', { class: 'words' });
    this.told = make('p', { class: 'told', role: 'status' });
    this.marks = Object.keys(NOTES).map((kind) => this.mark(kind));
    const why = strongest(reasons ?? []).map(({ label, quote }) =>
      make('li', {}, label, ...(quote ? [make('span', { class: 'quote' }, ': you said ', make('q', {}, quote))] : [])));
    this.body = make('article', { class: 'card', part: 'card', 'aria-label': nameOf(item) },
      this.image(),
      make('div', {},
        make('h3', { class: 'title' }, this.link(), ...(item.year == null ? [] : [' ', make('span', { class: 'year' }, String(item.year))])),
        make('ul', { class: 'facts', 'aria-label': 'Facts' }, ...facts(item).map((fact) => make('li', {}, fact))),
        this.words),
      ...(why.length ? [make('ul', { class: 'reasons', 'aria-label': 'Why this pick' }, ...why)] : []),
      make('div', { class: 'actions', role: 'group', 'aria-label': `About ${item.title}` },
        ...this.marks,
        this.ask('More like this', `more like ${nameOf(item)}`),
        this.ask('Why?', `why ${nameOf(item)}?`)),
      this.told);
    this.node = make('li', {}, this.body);
  }

  image() {
    const { item, chat } = this;
    if (!chat.hasAttribute('images') || !item.image) return picture(item);
    const src = web(item.image) ? item.image : new URL(`images?id=${encodeURIComponent(item.id)}`, chat.server).href;
    const shown = make('img', { class: 'art', src, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer', width: 64, height: 96 });
    shown.addEventListener('error', () => shown.replaceWith(picture(item)), { once: true });
    return shown;
  }

  link() {
    const { item, chat } = this;
    const followed = (event) => {
      chat.session.clicked(item.id);
      if (!chat.tell('item-click', { item }, true)) event.preventDefault();
      else if (!web(item.url)) chat.send(`what is ${nameOf(item)} about?`);
    };
    return web(item.url)
      ? make('a', { class: 'link', href: item.url, target: '_blank', rel: 'noopener noreferrer', click: followed }, item.title)
      : make('button', { class: 'link', type: 'button', click: followed }, item.title);
  }

  ask(label, text) {
    return make('button', { class: 'ask', type: 'button', 'aria-label': `${label} ${this.item.title}`, click: () => this.chat.send(text) }, label);
  }

  mark(kind) {
    const title = { like: 'Like', dislike: 'Not for me', seen: 'Seen' }[kind];
    const tapped = async () => {
      const pressed = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', pressed);
      try {
        this.chat.mark(await this.chat.session.mark(kind, this.item.id, pressed));
        this.told.textContent = pressed ? NOTES[kind] : '';
      } catch (problem) {
        button.setAttribute('aria-pressed', !pressed);
        this.told.textContent = problem.status === 401 || problem.status === 404 ? ENDED : problem.message;
        this.chat.fault(problem);
      }
    };
    const button = make('button', { class: 'mark', type: 'button', 'data-kind': kind, 'aria-pressed': 'false', 'aria-label': `${title}: ${this.item.title}`, title, click: tapped }, icon(kind));
    return button;
  }

  /** Show what the profile says of this item. */
  marked(profile) {
    for (const button of this.marks) {
      const pressed = profile[GROUPS[button.dataset.kind]].some((belief) => belief.item_id === this.item.id);
      button.setAttribute('aria-pressed', pressed);
    }
    const [, dislike, seen] = this.marks.map((button) => button.getAttribute('aria-pressed') === 'true');
    this.body.classList.toggle('gone', dislike || seen);
  }
}

class Turn {
  constructor(chat, text) {
    this.chat = chat;
    this.text = text;
    this.key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this.cards = [];
    this.heard = '';
    this.lead = make('p', { class: 'say', part: 'message' });
    this.list = make('ul', { class: 'cards new', role: 'list', 'aria-label': 'Picks', hidden: true });
    this.tail = make('p', { class: 'say', part: 'message' });
    this.waiting = make('div', { class: 'waiting', 'aria-hidden': 'true' }, make('i'), make('i'), make('i'));
    this.foot = make('div');
    // Streamed words are not read out one by one: the whole reply is announced when it is there.
    this.reply = make('div', { class: 'reply', 'aria-live': 'off', 'aria-busy': 'true' }, this.lead, this.list, this.tail, this.waiting, this.foot);
    this.node = make('div', { class: 'turn' }, make('p', { class: 'said', part: 'message' }, make('span', { class: 'hush' }, 'You: '), text), this.reply);
  }

  items(picks) {
    this.cards = picks.map((pick) => new Card(this.chat, pick));
    this.list.replaceChildren(...this.cards.map((card) => card.node));
    this.list.hidden = !picks.length;
    this.say();
  }

  hear(text) {
    this.heard += text;
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.say(); });
  }

  /** Put each paragraph that begins with a pick's title on its card, what comes before above, the rest below. */
  say(whole = false) {
    const paragraphs = this.heard.split(/\n{2,}/).filter((text) => text.trim());
    const words = new Map();
    const lead = [];
    const tail = [];
    paragraphs.forEach((text, at) => {
      const open = this.cards.filter((card) => !words.has(card));
      const fits = open.filter(({ item }) => text.startsWith(item.title) && !/^[\p{L}\p{N}]/u.test(text.slice(item.title.length)));
      const card = fits.find(({ item }) => text.startsWith(nameOf(item))) ?? fits.sort((one, other) => other.item.title.length - one.item.title.length)[0];
      const unsure = !whole && at === paragraphs.length - 1 && open.some(({ item }) => nameOf(item).startsWith(text.trim()));
      if (unsure) return;
      if (card) words.set(card, text);
      else (words.size ? tail : lead).push(text);
    });
    show(this.lead, lead.join('\n\n'));
    show(this.tail, tail.join('\n\n'));
    for (const card of this.cards) show(card.words, words.get(card) ?? '');
    this.waiting.hidden = whole || this.heard !== '';
  }

  /** The whole reply is there. */
  done(reply) {
    this.answer = reply;
    const shown = this.cards.map((card) => card.item.id).join('\n');
    if (shown !== reply.items.map((pick) => pick.item.id).join('\n')) this.items(reply.items);
    this.heard = reply.text;
    this.over();
  }

  over(...foot) {
    cancelAnimationFrame(this.frame);
    this.say(true);
    this.reply.removeAttribute('aria-busy');
    this.foot.replaceChildren(...foot);
  }

  again() {
    this.heard = '';
    this.foot.replaceChildren();
    this.reply.setAttribute('aria-busy', 'true');
    this.items([]);
  }
}

function show(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/* ---------------------------------------------------------------- the element */

export class RapportChat extends HTMLElement {
  static observedAttributes = ['open', 'mode', 'name', 'greeting', 'starters', 'server', 'persist'];

  #turns = [];
  #running = null;
  #restored = null;
  #narrow = matchMedia('(max-width: 480px)');
  #settle = () => this.#arrange();
  #fit = () => this.#measure();
  #measured = new CSSStyleSheet();

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [SHEET, this.#measured];
    this.launcher = make('button', { class: 'launcher', part: 'launcher', type: 'button', 'aria-controls': 'panel', click: () => this.toggle() });
    this.heading = make('h2', { class: 'name', id: 'name' });
    this.anew = make('button', { class: 'tool', type: 'button', hidden: true, click: () => this.#startOver(), blur: () => this.#unsure() });
    this.shut = make('button', { class: 'tool', type: 'button', 'aria-label': 'Close', title: 'Close', click: () => this.close() }, icon('close'));
    this.hello = make('p', { class: 'hello', part: 'message' });
    this.fan = make('div', { class: 'fan', 'aria-hidden': 'true' }, ...['left', 'middle', 'right'].map((id) => picture({ id, title: '', genres: [id] })));
    this.log = make('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': 'Conversation', tabindex: 0 }, this.fan, this.hello);
    this.announcer = make('p', { class: 'hush', role: 'status', 'aria-live': 'polite' });
    this.chips = make('ul', { class: 'chips', 'aria-label': 'Suggestions' });
    this.box = make('textarea', { rows: 1, maxlength: LONGEST, placeholder: 'Write a message', 'aria-label': 'Your message', enterkeyhint: 'send',
      input: () => this.#busy(), keydown: (event) => this.#typed(event) });
    this.go = make('button', { class: 'go', type: 'submit' });
    const form = make('form', { class: 'box', submit: (event) => { event.preventDefault(); this.#submit(); } }, this.box, this.go);
    this.panel = make('section', { class: 'panel', part: 'panel', id: 'panel', 'aria-labelledby': 'name', tabindex: -1, hidden: true, keydown: (event) => this.#pressed(event) },
      make('div', { class: 'head' }, this.heading, this.anew, this.shut), this.log, this.announcer, this.chips, form);
    root.append(make('div', { class: 'root' }, this.panel, this.launcher));
    this.#unsure();
    this.#busy();
  }

  connectedCallback() {
    this.#narrow.addEventListener('change', this.#settle);
    globalThis.visualViewport?.addEventListener('resize', this.#fit);
    this.session ??= this.#session();
    this.#label();
    this.#arrange();
  }

  disconnectedCallback() {
    this.#narrow.removeEventListener('change', this.#settle);
    globalThis.visualViewport?.removeEventListener('resize', this.#fit);
    queueMicrotask(() => this.isConnected || this.stop());
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.session) return;
    if (name === 'open') {
      if ((before === null) === (after === null)) return;
      this.#arrange();
      this.tell(after === null ? 'close' : 'open');
    } else if (name === 'server' || name === 'persist') {
      this.#clear();
      this.session = this.#session();
      this.#arrange();
    } else if (name === 'mode') this.#arrange();
    else this.#label();
  }

  /* ---- for the page around it */

  get server() {
    const given = this.getAttribute('server');
    return given ? new URL(given.endsWith('/') ? given : `${given}/`, document.baseURI).href : HOME;
  }

  open() {
    this.setAttribute('open', '');
    (this.#modal ? this.panel : this.box).focus();
  }

  close() {
    if (this.#inline) return;
    const within = this.shadowRoot.activeElement;
    this.removeAttribute('open');
    if (within) this.launcher.focus();
  }

  toggle() {
    if (this.hasAttribute('open')) this.close();
    else this.open();
  }

  /** Say `text`. Resolves to the Reply, or to null when there is none: nothing to say, busy, stopped or failed. */
  async send(text) {
    const said = String(text ?? '').trim();
    if (!said || this.#running) return null;
    if (said.length > LONGEST) {
      this.#note(`That is more than ${LONGEST.toLocaleString('en')} characters. Please say it shorter.`);
      return null;
    }
    this.#running = new AbortController();
    this.#busy();
    await this.#restore();
    const turn = this.#add(said);
    this.tell('message', { role: 'user', text: said });
    return this.#run(turn);
  }

  stop() {
    this.#running?.abort();
  }

  /** Forget the conversation, here and on the server, and begin anew. */
  reset() {
    this.session.forget();
    this.#clear();
    this.#restored = Promise.resolve();
  }

  /* ---- for cards and turns */

  tell(name, detail = {}, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(`rapport-${name}`, { detail, cancelable, bubbles: true, composed: true }));
  }

  fault(problem) {
    this.tell('error', { code: problem.code ?? 'failed', message: problem.message });
  }

  mark(profile) {
    for (const turn of this.#turns) for (const card of turn.cards) card.marked(profile);
  }

  /* ---- the conversation */

  #session() {
    return new Session(this.server, this.getAttribute('persist'));
  }

  #restore() {
    this.#restored ??= this.#resume();
    return this.#restored;
  }

  async #resume() {
    const { session } = this;
    if (!session.known || this.#turns.length) return;
    this.log.setAttribute('aria-busy', 'true');
    this.log.setAttribute('aria-live', 'off');
    try {
      const { turns, profile } = await session.turns();
      if (session !== this.session) return;
      for (const { said, reply } of turns) {
        const turn = this.#add(said);
        turn.list.classList.remove('new');
        turn.done(reply);
      }
      this.mark(profile);
      if (turns.length) this.#offer(turns.at(-1).reply.suggestions);
      this.#turns.at(-1)?.node.scrollIntoView({ block: 'start' });
    } catch (problem) {
      if (problem.status === 401 || problem.status === 404) {
        session.keep(null);
        this.#note(ENDED);
      } else {
        this.#restored = null;
        this.#note(problem.message, () => this.#restore());
        this.fault(problem);
      }
    } finally {
      this.log.removeAttribute('aria-busy');
      this.log.setAttribute('aria-live', 'polite');
    }
  }

  #add(text) {
    const turn = new Turn(this, text);
    this.#turns.push(turn);
    this.log.append(turn.node);
    this.panel.classList.add('begun');
    this.anew.hidden = false;
    this.#offer([]);
    turn.node.scrollIntoView?.({ block: 'nearest' });
    this.log.scrollTop = turn.node.offsetTop - this.log.offsetTop - 14;
    return turn;
  }

  async #run(turn) {
    this.#running ??= new AbortController();
    const running = this.#running;
    const { session } = this;
    this.#busy();
    this.announcer.textContent = '';
    const take = (event, data) => {
      if (event === 'items') {
        turn.items(data.items);
        if (data.items.length) this.tell('items', { items: data.items });
      } else if (event === 'token') turn.hear(data.text);
      else if (event === 'done') turn.done(data.reply);
    };
    try {
      try {
        await session.say(turn.text, turn.key, running.signal, take);
      } catch (problem) {
        if (!session.known || (problem.status !== 401 && problem.status !== 404)) throw problem;
        session.keep(null);
        turn.node.before(make('p', { class: 'note' }, ENDED));
        await session.say(turn.text, turn.key, running.signal, take);
      }
      this.#offer(turn.answer.suggestions);
      this.#announce(turn.answer);
      this.tell('message', { role: 'assistant', text: turn.answer.text, reply: turn.answer });
      return turn.answer;
    } catch (problem) {
      if (problem.name === 'AbortError') turn.over(make('p', { class: 'note' }, 'Stopped.'));
      else {
        const told = problem instanceof Problem ? problem : new Problem(0, 'failed', FAILED);
        turn.over(this.#trouble(told.message, () => { turn.again(); this.#run(turn); }));
        this.announcer.textContent = told.message;
        this.fault(told);
      }
      return null;
    } finally {
      if (this.#running === running) this.#running = null;
      this.#busy();
    }
  }

  #announce({ text, items }) {
    const count = items.length ? ` ${items.length} ${items.length === 1 ? 'pick' : 'picks'} shown.` : '';
    this.announcer.textContent = text + count;
    if (!this.hasAttribute('open') && !this.#inline) this.#launch(true);
  }

  #clear() {
    this.stop();
    this.#running = null;
    this.#restored = null;
    this.#turns = [];
    this.log.replaceChildren(this.fan, this.hello);
    this.panel.classList.remove('begun');
    this.announcer.textContent = '';
    this.anew.hidden = true;
    this.#label();
    this.#busy();
  }

  #trouble(message, retry) {
    const again = make('button', { class: 'chip', type: 'button', click: () => { note.remove(); this.#rest(); retry(); } }, 'Try again');
    const note = make('div', { class: 'note wrong' }, make('span', {}, message), again);
    return note;
  }

  #note(message, retry) {
    this.log.append(retry ? this.#trouble(message, retry) : make('p', { class: 'note' }, message));
    this.log.scrollTop = this.log.scrollHeight;
  }

  #offer(suggestions) {
    this.chips.replaceChildren(...suggestions.map(({ label, text }) =>
      make('li', {}, make('button', { class: 'chip', type: 'button', click: () => { this.#rest(); this.send(text); } }, label))));
  }

  /** Where focus goes when what had it is gone. On a phone the message box would bring up the keyboard. */
  #rest() {
    (this.#modal ? this.log : this.box).focus();
  }

  /* ---- the frame */

  get #inline() {
    return this.getAttribute('mode') === 'inline';
  }

  get #modal() {
    return this.#narrow.matches && !this.#inline;
  }

  #label() {
    const name = this.getAttribute('name') || 'Rapport';
    this.heading.textContent = name;
    this.hello.textContent = this.getAttribute('greeting') || GREETING;
    if (!this.#turns.length) {
      const starters = (this.getAttribute('starters') ?? '').split('|').map((text) => text.trim()).filter(Boolean);
      this.#offer(starters.map((text) => ({ label: text, text })));
    }
    this.#launch();
  }

  #launch(fresh = false) {
    const open = this.hasAttribute('open');
    this.launcher.setAttribute('aria-expanded', open);
    this.launcher.setAttribute('aria-label', `${open ? 'Close' : 'Open'} ${this.heading.textContent}${fresh ? ', new reply' : ''}`);
    this.launcher.replaceChildren(icon(open ? 'down' : 'chat'), ...(fresh ? [make('span', { class: 'fresh' })] : []));
  }

  #arrange() {
    const open = this.hasAttribute('open') || this.#inline;
    this.panel.hidden = !open;
    this.panel.setAttribute('role', this.#inline ? 'region' : 'dialog');
    this.panel.toggleAttribute('aria-modal', false);
    if (this.#modal) this.panel.setAttribute('aria-modal', 'true');
    this.shut.hidden = this.#inline;
    this.#launch();
    this.#measure();
    if (open) this.#restore();
  }

  /** On a phone the keyboard covers part of the page; the panel keeps to what is left. */
  #measure() {
    const left = globalThis.visualViewport?.height;
    this.#measured.replaceSync(this.#modal && left ? `:host { --tall: ${Math.round(left)}px; }` : '');
  }

  #busy() {
    const running = this.#running !== null;
    const state = running ? 'stop' : 'send';
    this.go.disabled = !running && !this.box.value.trim();
    if (this.go.dataset.state === state) return;
    this.go.dataset.state = state;
    this.go.setAttribute('aria-label', running ? 'Stop' : 'Send');
    this.go.replaceChildren(icon(state));
  }

  #submit() {
    if (this.#running) {
      this.stop();
      this.box.focus();
      return;
    }
    const text = this.box.value;
    if (!text.trim()) return;
    this.box.value = '';
    this.box.focus();
    this.send(text);
  }

  #typed(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.#running) this.#submit();
  }

  #pressed(event) {
    if (event.key === 'Escape' && !this.#inline) {
      event.stopPropagation();
      this.close();
    }
    if (event.key !== 'Tab' || !this.#modal) return;
    const stops = [...this.panel.querySelectorAll('button, a[href], textarea, [tabindex="0"]')].filter((one) => !one.disabled && one.checkVisibility());
    const [first, last] = event.shiftKey ? [stops.at(-1), stops[0]] : [stops[0], stops.at(-1)];
    const at = this.shadowRoot.activeElement;
    if (at !== last && !(event.shiftKey && at === this.panel)) return;
    event.preventDefault();
    first.focus();
  }

  /** The first press asks, the second does it. */
  #startOver() {
    if (!this.anew.classList.contains('sure')) {
      this.anew.classList.add('sure');
      this.anew.setAttribute('aria-label', 'Start over? Press again to forget this conversation');
      this.anew.append('Start over?');
      return;
    }
    this.#unsure();
    this.reset();
    this.box.focus();
  }

  #unsure() {
    this.anew.classList.remove('sure');
    this.anew.setAttribute('aria-label', 'Start over');
    this.anew.setAttribute('title', 'Start over');
    this.anew.replaceChildren(icon('anew'));
  }
}

if (!customElements.get('rapport-chat')) customElements.define('rapport-chat', RapportChat);
