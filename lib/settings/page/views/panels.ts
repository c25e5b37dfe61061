import type { Preview } from '../../reports/preview.js'
import type { Status } from '../../reports/status.js'
import { type Html, html, type Part } from '../html.js'
import { badge, countOf, instant, type Layout } from '../layout.js'
import type { NameProjects } from '../project-names.js'
import { meantButtons } from './editor.js'

const people = (count: number) => countOf(count, 'person', 'people')

/** The effects of saving, and the button that saves. */
export function previewPanel(
  layout: Layout,
  preview: Preview,
  difference: {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly names: NameProjects
  },
): Html {
  const isNothing = difference.added.length === 0 && difference.removed.length === 0
  if (isNothing) return notice('plain', 'These are the rules that are saved already.')
  const losing = preview.sample.filter(({ losesAccess }) => losesAccess)
  const others = preview.sample.filter(({ losesAccess }) => !losesAccess)
  return html`<section class="panel ${preview.losingAccess > 0 ? 'bad' : 'plain'}" id="preview" aria-labelledby="preview-title" tabindex="-1" autofocus data-preview>
<h2 id="preview-title">${headline(preview)}</h2>
${layout.notInForce !== undefined && html`<p>It is recorded, and not in force: only losing all access takes effect.</p>`}
${losing.length > 0 && lossList(layout, preview, { losing, names: difference.names })}
${missingNames(preview)}
${figures(preview)}
${ruleChanges(difference)}
${newWorkspaces(preview)}
${sample(layout, preview, { others, names: difference.names })}
</section>`
}

interface Losing {
  readonly losing: Preview['sample']
  readonly names: NameProjects
}

/**
 * Everyone who loses access, with number and names, always visible. A large loss needs a
 * confirmation.
 */
function lossList(layout: Layout, preview: Preview, { losing, names }: Losing): Html {
  const { losingAccess, warning } = preview
  const lose = losingAccess === 1 ? 'loses' : 'lose'
  const more = losingAccess - losing.length
  return html`<h3 class="warning">${warning ?? `${people(losingAccess)} ${lose} all access.`}</h3>
${changeTable(layout, losing, names)}
${more > 0 && html`<p class="quiet">and ${more.toLocaleString('en')} more</p>`}
${warning !== undefined && html`<p><label class="check"><input type="checkbox" name="confirm" value="yes"> I want them to lose their access</label></p>`}`
}

/** Warns before saving that a rule for a misspelt name gives nothing. */
function missingNames({ missing }: Preview): Part {
  return missing.map(
    ({ name, nearMisses }) =>
      html`<p class="hint">No group <q>${name}</q> has been pushed: its rules give nothing until one is.${
        nearMisses.length > 0 && html` Did you mean ${meantButtons(name, nearMisses)}?`
      }</p>`,
  )
}

function headline({ changed }: Preview): string {
  return changed === 0 ? 'Nobody’s access changes' : `Access of ${people(changed)} changes`
}

function figures(preview: Preview): Part {
  if (preview.changed === 0) return undefined
  const figure = (value: number, label: string, kind = '') =>
    html`<div class="${kind}"><dt>${label}</dt><dd>${value.toLocaleString('en')}</dd></div>`
  return html`<dl class="figures">
${figure(preview.granted, 'get something')}
${figure(preview.revoked, 'lose something')}
${figure(preview.losingAccess, 'lose all access', preview.losingAccess > 0 ? 'bad' : '')}
${figure(preview.people, 'people looked at')}
</dl>`
}

function newWorkspaces({ newWorkspaces: titles }: Preview): Part {
  if (titles.length === 0) return undefined
  const named = titles
    .slice(0, maxRules)
    .map((title, at) => [at > 0 && ', ', html`<q>${title}</q>`])
  const more = titles.length > maxRules && ` and ${titles.length - maxRules} more`
  return html`<p>Saving makes the ${titles.length === 1 ? 'workspace' : 'workspaces'} ${named}${more}, without projects yet.</p>`
}

const maxRules = 20

function ruleChanges(difference: {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}): Html {
  const list = (title: string, rules: readonly string[], mark: string) =>
    rules.length > 0 &&
    html`<h3>${title}</h3>
<ul class="changes">${rules.slice(0, maxRules).map((rule) => html`<li><span aria-hidden="true">${mark}</span> ${rule}</li>`)}${
      rules.length > maxRules && html`<li class="quiet">and ${rules.length - maxRules} more</li>`
    }</ul>`
  const lists = [
    list('Rules added', difference.added, '+'),
    list('Rules removed', difference.removed, '−'),
  ].filter((each) => each !== false)
  return html`<div class="columns">${lists.map((each) => html`<div>${each}</div>`)}</div>`
}

interface Others {
  readonly others: Preview['sample']
  readonly names: NameProjects
}

function sample(layout: Layout, preview: Preview, { others, names }: Others): Part {
  if (others.length === 0) return undefined
  const isAll = preview.sample.length === preview.changed
  const who = preview.losingAccess > 0 ? 'Who else changes' : 'Who changes'
  return html`<details${others.length <= 10 && html` open`}>
<summary>${isAll ? who : `${others.length} of the ${people(preview.changed - preview.losingAccess)}`}</summary>
${changeTable(layout, others, names)}
</details>`
}

function changeTable(layout: Layout, sample: Preview['sample'], names: NameProjects): Html {
  const hasSeen = sample.some(({ sees }) => sees)
  return html`<div class="scroll" role="region" aria-label="${sample[0]?.losesAccess ? 'Who loses all access' : 'Who changes'}" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Person</th><th scope="col">Gets</th><th scope="col">Loses</th>${hasSeen && html`<th scope="col">Projects they see</th>`}</tr></thead>
<tbody>
${sample.map(
  (
    person,
  ) => html`<tr><td><a href="${layout.base}/people/${encodeURIComponent(person.id)}">${person.userName}</a>${
    person.protection !== undefined &&
    html`<br><span class="quiet">Stays as is: ${person.protection}</span>`
  }</td><td data-label="Gets">${person.granted.map(names).join(', ')}</td><td data-label="Loses">${
    person.losesAccess && [badge('bad', 'all access'), ' ']
  }${person.revoked.map(names).join(', ')}</td>${hasSeen && html`<td data-label="Sees">${seenText(person)}</td>`}</tr>
`,
)}
</tbody></table></div>`
}

function seenText({ sees }: Preview['sample'][number]): Part {
  if (!sees) return undefined
  const { before, after, total } = sees
  return before === after ? `${after} of ${total}` : `${before}, then ${after} of ${total}`
}

/** Two editors at once: what the other one saved, compared with the draft. */
export function conflictPanel(
  layout: Layout,
  difference: { readonly added: readonly string[]; readonly removed: readonly string[] },
): Html {
  return html`<section class="panel warn" role="alert" aria-labelledby="conflict-title" tabindex="-1" autofocus>
<h2 id="conflict-title">Somebody else saved other rules meanwhile</h2>
<p>Nothing was overwritten. Your draft below differs from what is saved now:</p>
<div class="columns">
<div>${list('Only in your draft', difference.added)}</div>
<div>${list('Only in what is saved', difference.removed)}</div>
</div>
<p class="buttons"><button class="button primary" name="do" value="rebase">Preview my draft against it</button>
<a class="button" href="${layout.base}">Discard my draft</a></p>
</section>`
}

function list(title: string, rules: readonly string[]): Part {
  return html`<h3>${title}</h3>
${rules.length === 0 && html`<p class="quiet">nothing</p>`}
<ul class="changes">${rules.slice(0, maxRules).map((rule) => html`<li>${rule}</li>`)}${
    rules.length > maxRules && html`<li class="quiet">and ${rules.length - maxRules} more</li>`
  }</ul>`
}

/** One sentence that screen readers announce. */
export function notice(kind: 'good' | 'bad' | 'warn' | 'plain', text: Part): Html {
  return html`<div class="panel ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}"><p>${text}</p></div>`
}

/**
 * People are counted when they are marked, because those concerned by new rules may be waiting
 * already or be in several groups.
 */
export function waitingText({ pending, fanningOut, paused }: Status): string {
  const verb = paused ? 'Waiting:' : 'Updating'
  if (fanningOut === 0) return `${verb} ${people(pending)}`
  return pending === 0 ? 'Looking who new rules concern' : `${verb} ${people(pending)}, and more`
}

/** The status of provisioning in one line. */
export function statusStrip(layout: Layout, status: Status): Html {
  const { failed, pending, fanningOut } = status
  const waiting = pending + fanningOut
  const state = status.paused
    ? badge('busy', `Paused. ${waitingText(status)}`)
    : failed > 0
      ? badge('bad', `${people(failed)} could not be changed`)
      : waiting > 0
        ? badge('busy', waitingText(status))
        : layout.notInForce === undefined
          ? badge('good', 'Everybody is up to date')
          : badge('plain', 'Recorded, not in force')
  return html`<p class="strip" id="strip" aria-live="polite"${waiting > 0 && html` data-refresh="2"`}>${state}
<span class="quiet">Identity provider last seen: ${instant(status.lastContact)}</span>
${status.massLoss && html`<a href="${layout.base}/status">${status.massLoss.isRefused ? 'A mass loss of access was held back' : 'Many people lost access at once'}</a>`}
${failed > 0 && html`<a href="${layout.base}/status">Show</a>`}</p>`
}
