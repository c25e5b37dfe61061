import { countOf, numberText } from '../../numbers.js'
import type { Preview } from '../../reports/preview.js'
import type { Status } from '../../reports/status.js'
import { isNothing, type rulesBetween } from '../../rules/difference.js'
import { exactName, type Html, html, type Part } from '../html.js'
import { badge, instant, type Layout } from '../layout.js'
import type { NameProjects } from '../project-names.js'
import { meantButtons } from './editor.js'

const people = (count: number) => countOf(count, 'person', 'people')

/** The preview of a draft, and what else its panel needs. */
export interface PreviewView {
  readonly preview: Preview
  /** Rules that only the draft has, and rules that only the saved ones have. */
  readonly difference: ReturnType<typeof rulesBetween>
  readonly names: NameProjects
  /** Saving was refused: the focus is on the message about that. */
  readonly isRefused: boolean
}

/** The effects of saving: first the numbers, then the rules, then the first people of each list. */
export function previewPanel(layout: Layout, view: PreviewView): Html {
  const { preview, difference, isRefused } = view
  if (isNothing(difference)) return outcome('plain', 'These are the rules that are saved already.')
  return html`<section class="panel ${preview.losingAccess > 0 ? 'bad' : 'plain'}" id="preview" aria-labelledby="preview-title" tabindex="-1"${!isRefused && html` autofocus`} data-preview>
<h2 id="preview-title">${headline(preview)}</h2>
${layout.notInForce !== undefined && html`<p>It is recorded, and not in force: only losing all access takes effect.</p>`}
${lossSentence(preview)}
${figures(preview)}
${missingNames(preview)}
${ruleChanges(difference)}
${newWorkspaces(preview)}
${changedPeople(layout, view)}
</section>`
}

function lossSentence({ losingAccess, warning }: Preview): Part {
  if (losingAccess === 0) return undefined
  const sentence = `${countOf(losingAccess, 'person loses', 'people lose')} all access.`
  return html`<h3 class="warning">${warning ?? sentence}</h3>`
}

/** Warns before saving that a rule for a misspelt name gives nothing. */
function missingNames({ missing }: Preview): Part {
  return missing.map(
    ({ name, nearMisses }) =>
      html`<p class="hint">No group <q>${exactName(name)}</q> has been pushed: its rules give nothing until one is.${
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
    html`<div class="${kind}"><dt>${label}</dt><dd>${numberText(value)}</dd></div>`
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
  const more = titles.length > maxRules && ` and ${numberText(titles.length - maxRules)} more`
  return html`<p>Saving makes the ${titles.length === 1 ? 'workspace' : 'workspaces'} ${named}${more}, without projects yet.</p>`
}

const maxRules = 20

function ruleChanges(difference: PreviewView['difference']): Html {
  const list = (title: string, rules: readonly string[], mark: string) =>
    rules.length > 0 &&
    html`<h3>${title}</h3>
<ul class="changes">${rules.slice(0, maxRules).map((rule) => html`<li><span aria-hidden="true">${mark}</span> ${rule}</li>`)}${
      rules.length > maxRules &&
      html`<li class="quiet">and ${numberText(rules.length - maxRules)} more</li>`
    }</ul>`
  const lists = [
    list('Rules added', difference.added, '+'),
    list('Rules removed', difference.removed, '−'),
  ].filter((each) => each !== false)
  return html`<div class="columns">${lists.map((each) => html`<div>${each}</div>`)}</div>`
}

/** Those who lose all access, then the others. */
function changedPeople(layout: Layout, { preview, names }: PreviewView): Part {
  const { sample, changed, losingAccess } = preview
  const [losing, others] = [true, false].map((loses) =>
    sample.filter(({ losesAccess }) => losesAccess === loses),
  )
  const title = losingAccess > 0 ? 'Who else changes' : 'Who changes'
  return [
    peopleList(layout, names, {
      title: 'Who loses all access',
      people: losing,
      total: losingAccess,
    }),
    peopleList(layout, names, { title, people: others, total: changed - losingAccess }),
  ]
}

interface ChangedPeople {
  readonly title: string
  readonly people: Preview['sample'] | undefined
  /** How many there are; only the first of them are in `people`. */
  readonly total: number
}

const maxUnfolded = 5

/** A few people by name, the rest folded, so that a long list moves nothing out of view. */
function peopleList(
  layout: Layout,
  names: NameProjects,
  { title, people: listed = [], total }: ChangedPeople,
): Part {
  if (listed.length === 0) return undefined
  const [first, rest] = [listed.slice(0, maxUnfolded), listed.slice(maxUnfolded)]
  const more = total - listed.length
  return html`<h3>${title}</h3>
${changeTable(layout, names, { title, people: first })}
${
  rest.length > 0 &&
  html`<details><summary>${numberText(rest.length)} more${more > 0 && ` of ${numberText(total)}`}</summary>
${changeTable(layout, names, { title: `${title}, continued`, people: rest })}
${more > 0 && html`<p class="quiet">and ${numberText(more)} more</p>`}
</details>`
}`
}

function changeTable(
  layout: Layout,
  names: NameProjects,
  { title, people: sample }: { readonly title: string; readonly people: Preview['sample'] },
): Html {
  const hasSeen = sample.some(({ sees }) => sees)
  return html`<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table class="rows">
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
  const now = `${numberText(after)} of ${numberText(total)}`
  return before === after ? now : `${numberText(before)}, then ${now}`
}

/**
 * Two editors at once: what the other one saved, compared with the draft. Without a difference, the
 * draft cannot be compared, because its rules are not valid.
 */
export function conflictPanel(layout: Layout, difference?: ReturnType<typeof rulesBetween>): Html {
  return html`<section class="panel warn" role="alert" aria-labelledby="conflict-title" tabindex="-1" autofocus>
<h2 id="conflict-title">Somebody else saved other rules meanwhile</h2>
${difference ? comparison(difference) : html`<p>Nothing was overwritten. Correct your draft below to compare it with what is saved now.</p>`}
<p class="buttons"><button class="button primary" name="do" value="rebase">Preview my draft against it</button>
${difference && difference.removed.length > 0 && html`<button class="button" name="do" value="merge">Preview both together</button>`}
<a class="button" href="${layout.base}">Discard my draft</a></p>
</section>`
}

function comparison({ added, removed }: ReturnType<typeof rulesBetween>): Html {
  return html`<p>Nothing was overwritten. Your draft below differs from what is saved now:</p>
<div class="columns">
<div>${list('Only in your draft', added)}</div>
<div>${list('Only in what is saved', removed)}</div>
</div>
${removed.length > 0 && html`<p>Your draft alone would remove what is only in what is saved. Both together have all of it, also what one of you has removed.</p>`}`
}

function list(title: string, rules: readonly string[]): Part {
  return html`<h3>${title}</h3>
${rules.length === 0 && html`<p class="quiet">nothing</p>`}
<ul class="changes">${rules.slice(0, maxRules).map((rule) => html`<li>${rule}</li>`)}${
    rules.length > maxRules &&
    html`<li class="quiet">and ${numberText(rules.length - maxRules)} more</li>`
  }</ul>`
}

/** One sentence that screen readers announce. */
export function notice(kind: 'good' | 'bad' | 'warn' | 'plain', text: Part): Html {
  return html`<div class="panel ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}"><p>${text}</p></div>`
}

/** What a button has done. It has the focus, so that nobody has to look for it. */
export function outcome(kind: 'good' | 'bad' | 'warn' | 'plain', text: Part): Html {
  return html`<div class="panel ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}" tabindex="-1" autofocus><p>${text}</p></div>`
}

/**
 * People are counted when they are marked, because those concerned by new rules may be waiting
 * already or be in several groups.
 */
export function waitingText({ pending, fanningOut, paused }: Status): string {
  const verb = paused ? 'Waiting:' : 'Updating'
  if (fanningOut === 0) return `${verb} ${people(pending)}`
  return pending === 0
    ? 'Finding the people whom new rules affect'
    : `${verb} ${people(pending)}, and more`
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
