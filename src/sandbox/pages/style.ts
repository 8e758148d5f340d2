/** The style of all pages except the viewer of the View API, which is shown in frames of other websites. */
export const style = `
  :root { color-scheme: light dark; --ink: #1d2530; --soft: #5b6675; --paper: #fff; --ground: #eef1f5; --line: #d5dbe3;
    --accent: #1769c6; --on-accent: #fff; --alarm: #a3261b; --alarm-ground: #fdecea; --on-alarm: #fff; --good: #17653a;
    --good-ground: #e3f5ea; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --soft: #a2adba; --paper: #1b2129; --ground: #11151a;
    --line: #38424f; --accent: #6eb0f7; --on-accent: #0b1622; --alarm: #ffb4ab; --alarm-ground: #45201c; --on-alarm: #3a0f0a;
    --good: #8fdcae; --good-ground: #15361f; } }
  * { box-sizing: border-box; }
  [hidden] { display: none !important; }
  body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
    color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  main { width: 100%; min-width: 0; max-width: 25rem; padding: 1.75rem; background: var(--paper); border: 1px solid var(--line);
    border-radius: .875rem; }
  main:is(.wide, .full) { align-self: start; }
  main.wide { max-width: 58rem; }
  main.full { max-width: 80rem; }
  .brand { margin: 0 0 1.25rem; color: var(--soft); font-size: .875rem; letter-spacing: .02em; }
  .brand b { color: var(--ink); }
  h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; text-wrap: balance; }
  h2 { margin: 2rem 0 .5rem; font-size: 1.125rem; }
  h3 { margin: 0 0 .5rem; font-size: 1rem; overflow-wrap: anywhere; }
  p { margin: .25rem 0 1rem; color: var(--soft); overflow-wrap: anywhere; }
  ul { margin: 0 0 1.25rem; padding: .75rem 1rem .75rem 2rem; border: 1px solid var(--line); border-radius: .5rem; }
  li { padding: .125rem 0; }
  section { margin: 0 0 1rem; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; }
  section > :last-child { margin-bottom: 0; }
  label { display: block; margin: 0 0 .25rem; font-size: .875rem; font-weight: 600; }
  input { display: block; width: 100%; margin: 0 0 1rem; padding: .625rem .75rem; font: inherit; color: inherit;
    background: transparent; border: 1px solid var(--soft); border-radius: .5rem; }
  .choice { display: flex; gap: .75rem; margin-top: .5rem; }
  .choice > * { flex: 1; }
  button, a.button { padding: .6875rem 1rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none; color: var(--ink);
    background: transparent; border: 1px solid var(--soft); border-radius: .5rem; cursor: pointer; }
  a.button { display: inline-block; padding-block: .375rem; margin-right: .5rem; }
  .choice a.button { padding-block: .6875rem; margin: 0; }
  :is(button, a.button):hover { border-color: var(--ink); }
  button.allow { order: 1; color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
  button.danger { order: 1; color: var(--on-alarm); background: var(--alarm); border-color: var(--alarm); }
  button.copy { flex: none; padding: 0 .5rem; font-size: .8125rem; line-height: 1.5rem; font-weight: 400; color: var(--soft);
    border-color: var(--line); }
  output + button.copy { margin: .5rem 0 1rem; padding: .25rem .75rem; }
  :is(input, button, a, summary, pre, .log):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .alarm, .notice { margin: 0 0 1rem; padding: .625rem .75rem; border-radius: .5rem; }
  .alarm { color: var(--alarm); background: var(--alarm-ground); }
  .notice { color: var(--good); background: var(--good-ground); }
  h1 + .alarm { margin-top: .75rem; }
  output { display: block; padding: .75rem; font: 1rem/1.5 ui-monospace, monospace; color: var(--ink);
    border: 1px dashed var(--soft); border-radius: .5rem; overflow-wrap: anywhere; user-select: all; }
  dl { display: grid; grid-template-columns: minmax(11rem, max-content) minmax(0, 1fr); gap: .375rem .75rem; align-items: baseline;
    margin: 0 0 1.25rem; font-size: .9375rem; }
  dt { font-weight: 600; }
  dd { margin: 0; overflow-wrap: anywhere; }
  table { width: 100%; margin: 0 0 1rem; border-collapse: collapse; font-size: .9375rem; }
  :is(th, td) { padding: .375rem 1.25rem .375rem 0; text-align: left; vertical-align: baseline; }
  tr + tr, thead + tbody > tr { border-top: 1px solid var(--line); }
  :is(th, td):last-child { padding-right: 0; }
  table.files td { white-space: nowrap; }
  table.files td:first-child { width: 100%; white-space: normal; overflow-wrap: anywhere; }
  summary { cursor: pointer; }
  details { margin: 0 0 1rem; }
  details > dl { margin: .5rem 0 0; }
  nav { display: flex; gap: 1.5rem; }
  a { color: var(--accent); }
  code { font: .875em/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }
  .value { display: inline-flex; flex-wrap: wrap; align-items: baseline; gap: .125rem .5rem; max-width: 100%; }
  pre { margin: 0 0 1rem; padding: .75rem; overflow: auto; font: .875rem/1.5 ui-monospace, monospace; white-space: pre-wrap;
    overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .5rem; }
  pre code { font: inherit; user-select: auto; }
  pre.command { display: grid; gap: .5rem; justify-items: start; }
  .preview { margin: 1.25rem 0; }
  .preview :is(img, video) { display: block; max-width: 100%; max-height: 78dvh; margin: auto; border-radius: .5rem; }
  .preview :is(audio, iframe) { display: block; width: 100%; }
  .preview iframe { height: 78dvh; border: 1px solid var(--line); border-radius: .5rem; }
  .preview pre { max-height: 78dvh; margin: 0; }
  .live { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
  .live label { display: flex; gap: .5rem; align-items: center; margin: 0; font-weight: 400; }
  .live input { width: auto; margin: 0; }
  .log { max-height: 26rem; overflow: auto; border: 1px solid var(--line); border-radius: .5rem; }
  .log table { margin: 0; font-size: .875rem; font-variant-numeric: tabular-nums; }
  .log thead { position: sticky; top: 0; background: var(--paper); box-shadow: 0 1px var(--line); }
  .log :is(th, td) { padding: .25rem .75rem; white-space: nowrap; }
  .log td.path { width: 100%; font-family: ui-monospace, monospace; white-space: normal; overflow-wrap: anywhere; }
  .log .failed :nth-child(4) { color: var(--alarm); font-weight: 600; }
  .note { margin: 1.25rem 0 0; font-size: .8125rem; }
  .note + .note { margin-top: .5rem; }
  .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (max-width: 36rem) {
    body { padding: .5rem; }
    main { padding: 1.25rem 1rem; }
    dl { display: block; }
    dd { margin-bottom: .5rem; }
    .log thead { display: none; }
    .log :is(table, tbody) { display: block; }
    .log tr { display: flex; flex-wrap: wrap; padding: .25rem 0; }
    .log td { padding: 0 .375rem; }
    .log td.path { order: 1; }
    table.files tr { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .375rem 0; }
    table.files thead { display: none; }
    table.files td { padding: 0; color: var(--soft); }
  }
`;
