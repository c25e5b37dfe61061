/**
 * The page's one stylesheet. Colours have a contrast of at least 4.5:1 on what they stand on, in
 * both schemes.
 */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f6f6f9;
  --surface: #ffffff;
  --sunken: #f9f9fb;
  --line: #e1e1ea;
  --line-strong: #86869a;
  --text: #22222b;
  --quiet: #5d5d70;
  --accent: #4c5fa9;
  --accent-strong: #3d4f94;
  --on-accent: #ffffff;
  --accent-soft: #eceffa;
  --good: #1b6e46;
  --good-soft: #e3f4ea;
  --bad: #a92c22;
  --bad-soft: #fdecea;
  --warn: #855100;
  --warn-soft: #fdf3de;
  --shadow: 0 1px 2px rgb(20 20 40 / 5%);
  --radius: 10px;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #17171c;
    --surface: #1f1f26;
    --sunken: #1a1a20;
    --line: #34343f;
    --line-strong: #80808f;
    --text: #ececf2;
    --quiet: #a9a9ba;
    --accent: #a5b4f2;
    --accent-strong: #bcc8f8;
    --on-accent: #171a2b;
    --accent-soft: #2a2e45;
    --good: #7fd6a6;
    --good-soft: #1d3428;
    --bad: #ff9d94;
    --bad-soft: #3d2422;
    --warn: #f0c473;
    --warn-soft: #3a2f1a;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
html { scroll-padding: 1rem 0 6rem; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font: 0.9375rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, sans-serif;
  overflow-wrap: break-word;
}
h1, h2, h3, p, ul, dl { margin: 0; }
h1 { font-size: 1.5rem; line-height: 1.3; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 1.0625rem; line-height: 1.4; font-weight: 650; }
h3 { font-size: 0.875rem; font-weight: 650; margin-top: 0.75rem; }
a { color: var(--accent); text-underline-offset: 0.15em; }
a:hover { color: var(--accent-strong); }
q { quotes: "\\201c" "\\201d"; font-weight: 550; white-space: pre-wrap; }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
main:focus-visible, .panel:focus-visible { outline: none; }
.panel:focus-visible { box-shadow: 0 0 0 2px var(--accent); }
.quiet { color: var(--quiet); }
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap;
}
.skip {
  position: absolute; left: 1rem; top: -4rem; z-index: 2;
  background: var(--surface); padding: 0.5rem 1rem; border-radius: 0 0 var(--radius) var(--radius);
}
.skip:focus { top: 0; }
.wide, main { max-width: 62rem; margin: 0 auto; padding: 0 1.5rem; }
main { padding-top: 2rem; padding-bottom: 4rem; display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
main > h1 + .quiet { margin-top: -0.75rem; max-width: 48rem; }

.top { background: var(--surface); }
.top .wide { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; min-height: 3.5rem; padding-top: 0.5rem; padding-bottom: 0.25rem; }
.crumbs { color: var(--quiet); }
.crumbs strong { color: var(--text); font-weight: 600; }
.account { display: flex; gap: 0.75rem; align-items: center; }
.tabs { background: var(--surface); border-bottom: 1px solid var(--line); }
.tabs .wide { display: flex; gap: 1.5rem; overflow-x: auto; }
.tabs a {
  padding: 0.625rem 0; color: var(--quiet); text-decoration: none; font-weight: 550;
  border-bottom: 2px solid transparent; white-space: nowrap;
}
.tabs a:hover { color: var(--text); }
.tabs a[aria-current] { color: var(--text); border-bottom-color: var(--accent); }
.tabs a:focus-visible { outline-offset: -3px; border-radius: 6px; }

.card, .panel {
  background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius);
  padding: 1.25rem 1.5rem; box-shadow: var(--shadow);
}
.card.flush { padding: 0.25rem 0.5rem; }
.card > * + *, .panel > * + * { margin-top: 0.75rem; }
.card > h2 + .about { margin-top: 0.25rem; max-width: 46rem; }
.panel.good { background: var(--good-soft); border-color: transparent; color: var(--good); }
.panel.bad { background: var(--bad-soft); border-color: transparent; }
.panel.warn { background: var(--warn-soft); border-color: transparent; }
.panel ul { padding-left: 1.25rem; }
.narrow { max-width: 26rem; width: 100%; margin: 3rem auto 0; }
.stacked { display: grid; gap: 0.5rem; }
.stacked .button { margin-top: 0.5rem; }
.empty { color: var(--quiet); }
.back { font-size: 0.875rem; margin-bottom: -0.75rem; }
.back::before { content: "\\2190\\00a0"; color: var(--quiet); }

.strip { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: center; font-size: 0.875rem; }
.badge {
  display: inline-block; padding: 0.0625rem 0.5rem; border-radius: 1rem;
  font-size: 0.8125rem; font-weight: 600; line-height: 1.5; white-space: nowrap;
}
.badge.good { background: var(--good-soft); color: var(--good); }
.badge.bad { background: var(--bad-soft); color: var(--bad); }
.badge.busy { background: var(--warn-soft); color: var(--warn); }
.badge.plain { background: var(--accent-soft); color: var(--text); }
.panel.warn .badge { background: var(--surface); }

table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 550; }
thead th { color: var(--quiet); font-size: 0.8125rem; padding: 0.375rem 0.75rem; white-space: nowrap; }
td, tbody th { padding: 0.625rem 0.75rem; vertical-align: top; border-top: 1px solid var(--line); font-weight: 400; }
tbody th a { font-weight: 550; }
td.end { text-align: right; width: 1%; white-space: nowrap; }
.scroll { overflow-x: auto; }
.log td:first-child { white-space: nowrap; }
.log td { font-size: 0.875rem; }
.panel td, .panel thead th { border-color: color-mix(in srgb, var(--text) 12%, transparent); }
tr.outranked td { color: var(--quiet); }

.editor { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.default { position: absolute; width: 1px; height: 1px; padding: 0; border: 0; overflow: hidden; clip-path: inset(50%); }
.rules { table-layout: fixed; margin-left: -0.375rem; width: calc(100% + 0.75rem); }
.rules td { border: 0; padding: 0.25rem 0.375rem; }
.rules thead th { padding: 0 0.375rem 0.125rem; }
.rules th:last-child { width: 6.25rem; }
.rules tr.note td { padding-top: 0; padding-bottom: 0.5rem; font-size: 0.8125rem; }
.hint { color: var(--warn); }
.problem { color: var(--bad); font-weight: 550; }
.filter { display: flex; gap: 0.75rem; align-items: center; font-size: 0.875rem; color: var(--quiet); }
.filter input { max-width: 16rem; }
input, select {
  font: inherit; color: inherit; background: var(--surface);
  border: 1px solid var(--line-strong); border-radius: 7px; padding: 0.4375rem 0.625rem; width: 100%;
  min-height: 2.375rem;
}
input::placeholder { color: var(--quiet); opacity: 1; }
input:focus-visible, select:focus-visible { outline-offset: 0; border-color: transparent; }
input[aria-invalid], .wrong input, .wrong select { border-color: var(--bad); }
input[type="checkbox"] { width: 1.125rem; height: 1.125rem; min-height: 0; margin: 0; accent-color: var(--accent); }
.check { display: inline-flex; gap: 0.5rem; align-items: center; }
.button {
  display: inline-block; font: inherit; font-weight: 550; line-height: 1.4; text-decoration: none; cursor: pointer;
  color: var(--text); background: var(--surface); border: 1px solid var(--line-strong); border-radius: 7px;
  padding: 0.4375rem 0.875rem; white-space: nowrap;
}
.button:hover { border-color: var(--accent); color: var(--text); background: var(--accent-soft); }
.button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); color: var(--on-accent); }
.button.small { padding: 0.1875rem 0.625rem; font-size: 0.875rem; }
.button.quiet { border-color: transparent; background: none; color: var(--quiet); padding: 0.4375rem 0.625rem; }
.button.quiet:hover { color: var(--bad); background: var(--bad-soft); }
.buttons, .row-of-buttons { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; }
.actions {
  position: sticky; bottom: 0; z-index: 1; background: var(--surface);
  border: 1px solid var(--line); border-radius: var(--radius) var(--radius) 0 0; border-bottom: 0;
  box-shadow: 0 -0.5rem 1rem -0.75rem rgb(20 20 40 / 25%);
}
.actions .wide { padding-left: 1.5rem; padding-right: 1.5rem; display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; padding-top: 0.75rem; padding-bottom: 0.75rem; }
.actions .quiet { font-size: 0.875rem; }

.figures { display: flex; flex-wrap: wrap; gap: 0.75rem 2.5rem; }
.figures div { display: flex; flex-direction: column-reverse; }
.figures dt { color: var(--quiet); font-size: 0.8125rem; }
.figures dd { margin: 0; font-size: 1.5rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figures .bad dd { color: var(--bad); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: 0 2rem; }
.changes { list-style: none; padding: 0 !important; }
.changes span { color: var(--quiet); font-weight: 650; }
.warning { color: var(--bad); }
details summary { cursor: pointer; font-weight: 550; padding: 0.25rem 0; }
.facts { display: grid; grid-template-columns: minmax(9rem, 14rem) minmax(0, 1fr); gap: 0.5rem 1.5rem; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; }
.facts ul { padding: 0; list-style: none; }
meter { width: min(14rem, 100%); height: 0.625rem; }
.search { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; }
.search input[type="search"], .search input[type="text"] { flex: 1 1 14rem; max-width: 26rem; }
.search input.inline { flex: 1 1 8rem; width: auto; min-height: 2rem; padding: 0.1875rem 0.5rem; }
.search select { flex: 0 1 17rem; width: auto; }
.filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.75rem 1rem; align-items: end; }
.filters > * { margin: 0 !important; }
.filters label { display: block; color: var(--quiet); font-size: 0.8125rem; margin-bottom: 0.125rem; }
.pager { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; }
.copy { display: flex; gap: 0.5rem; max-width: 40rem; }

@media (max-width: 40rem) {
  .wide, main { padding-left: 1rem; padding-right: 1rem; }
  main { padding-top: 1.25rem; }
  .card, .panel { padding: 1rem; }
  .card.flush { padding: 0.25rem; }
  .actions .button { width: 100%; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0.125rem; }
  .facts dd + dt { margin-top: 0.5rem; }
  .rules thead { display: none; }
  .rules, .rules tbody { display: block; }
  .rules tr:not(.note) {
    display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.375rem; padding: 0.75rem 0;
    border-top: 1px solid var(--line);
  }
  .rules tr[hidden] { display: none; }
  .rules td { display: block; padding: 0 0.375rem; }
  .rules td[data-label]::before { content: attr(data-label); display: block; color: var(--quiet); font-size: 0.8125rem; }
  .rules td.end { width: auto; text-align: left; }
  .rules td.end .button { padding-left: 0; }
  .tabs .wide { gap: 0.875rem; }
  .button { white-space: normal; }
  .search select { flex: 1 1 14rem; }
  .rows thead { display: none; }
  .rows, .rows tbody { display: block; }
  .rows tr { display: block; padding: 0.625rem 0; border-top: 1px solid var(--line); }
  .rows tr:first-child { border-top: 0; }
  .rows th, .rows td { display: block; padding: 0 0.375rem; border: 0; white-space: normal; }
  .rows .badge { white-space: normal; }
  .rows td:empty { display: none; }
  .rows td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); }
}
@media (forced-colors: active) {
  .badge, .panel { border: 1px solid; }
}
@media (prefers-reduced-motion: no-preference) {
  .button, .tabs a { transition: background-color 0.12s, border-color 0.12s, color 0.12s; }
}
`
