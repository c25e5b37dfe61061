import { type EventName, eventNames } from '../../../events/catalogue.js'
import type { StoredAuditEntry } from '../../../stores/audit-store.js'
import { countOf } from '../../numbers.js'
import { type Html, html, type Part } from '../html.js'
import { badge, instant, type Layout } from '../layout.js'
import { attributeWords } from './attribute-words.js'
import { eventWords } from './event-words.js'
import { notice } from './panels.js'

/** The provisioning log with its filters. */
export function logView(
  layout: Layout,
  view: {
    readonly entries: readonly StoredAuditEntry[]
    readonly query: URLSearchParams
    /** `before` of the next page. */
    readonly next?: number
    readonly problem?: string
  },
): Html {
  const { entries, query, next, problem } = view
  const filters = new URLSearchParams(query)
  for (const name of ['before', 'limit']) filters.delete(name)
  const older = new URLSearchParams(filters)
  if (next !== undefined) older.set('before', String(next))
  return html`<h1>Log</h1>
<p class="quiet">What the identity provider asked for, what was done, and who changed the rules. Newest first.</p>
${filterForm(layout, query)}
${problem !== undefined && notice('bad', problem)}
${entries.length === 0 ? html`<p class="empty card">Nothing matches.</p>` : html`<div class="card flush">${logTable(entries, layout)}</div>`}
<nav class="pager" aria-label="Pages">
${query.has('before') && html`<a class="button small" href="${layout.base}/log?${filters.toString()}">Newest</a>`}
${next !== undefined && html`<a class="button small" href="${layout.base}/log?${older.toString()}">Older</a>`}
<a class="button small" href="${layout.base}/log.csv?${filters.toString()}">Export as CSV</a>
</nav>`
}

function filterForm(layout: Layout, query: URLSearchParams): Html {
  const select = (name: string, label: string, options: readonly string[]) =>
    html`<p><label for="${name}">${label}</label><select id="${name}" name="${name}"><option value="">any</option>${options.map(
      (option) =>
        html`<option value="${option}"${query.get(name) === option && html` selected`}>${wordsOf(option)}</option>`,
    )}</select></p>`
  const input = (name: string, label: string, type = 'text') =>
    html`<p><label for="${name}">${label}</label><input type="${type}" id="${name}" name="${name}" value="${query.get(name)}" autocomplete="off"></p>`
  return html`<form class="filters card" action="${layout.base}/log">
${select('event', 'Event', eventNames)}
${select('outcome', 'Outcome', ['succeeded', 'refused', 'failed'])}
${input('actor', 'Actor')}
${input('target', 'Person, group or token')}
${input('from', 'From', 'date')}
${input('until', 'Before', 'date')}
<input type="hidden" name="zone" value="${query.get('zone')}" data-zone>
<p><button class="button">Filter</button></p>
</form>`
}

const outcomes = { succeeded: 'good', refused: 'busy', failed: 'bad' } as const

/** Two events can have the same words; the rarer one gets an addition. */
function wordsOf(option: string): string {
  const words = eventWords[option as EventName]
  if (words === undefined) return option
  return option.endsWith('.replaced') ? `${words} as a whole` : words
}

/** Entries of the log. With a layout, people and groups are links. */
export function logTable(entries: readonly StoredAuditEntry[], layout?: Layout): Html {
  return html`<div class="scroll" role="region" aria-label="Events" tabindex="0"><table class="log rows">
<thead><tr><th scope="col">When</th><th scope="col">Event</th><th scope="col">About</th><th scope="col">Details</th><th scope="col">By</th></tr></thead>
${requestsIn(entries).map(
  (group) => html`<tbody>${group.map((entry, index) => entryRow(entry, index, layout))}</tbody>
`,
)}</table></div>`
}

/** Groups consecutive entries of the same request. */
function requestsIn(
  entries: readonly StoredAuditEntry[],
): readonly (readonly StoredAuditEntry[])[] {
  const groups: StoredAuditEntry[][] = []
  for (const entry of entries) {
    const last = groups.at(-1)
    if (last?.[0]?.requestId === entry.requestId) last.push(entry)
    else groups.push([entry])
  }
  return groups
}

/** Time and actor appear only once for all entries of a request. */
function entryRow(entry: StoredAuditEntry, index: number, layout: Layout | undefined): Html {
  return html`<tr${index > 0 && html` class="same"`}><td>${index === 0 && instant(entry.at)}</td><td title="${entry.event}">${eventWords[entry.event] ?? entry.event}${entry.outcome !== 'succeeded' && [' ', badge(outcomes[entry.outcome], entry.outcome)]}</td><td>${about(entry, layout)}</td><td>${details(entry)}</td><td data-label="By">${index === 0 && entry.actor}</td></tr>
`
}

function about({ target }: StoredAuditEntry, layout: Layout | undefined): Part {
  if (!target) return undefined
  // A request that named nobody, such as a POST.
  if (target.id === '') return target.resourceType
  const name = target.name ?? target.id
  const folder = { User: 'people', Group: 'groups' }[target.resourceType]
  if (!layout || folder === undefined) return name
  return html`<a href="${layout.base}/${folder}/${encodeURIComponent(target.id)}">${name}</a>`
}

function details({ detail, attributes, count, status }: StoredAuditEntry): Part {
  const parts = [
    detail,
    attributes && attributes.length > 0 ? attributes.map(attributeWords).join(', ') : undefined,
    count === undefined ? undefined : countOf(count, 'member', 'members'),
    status === undefined ? undefined : `status ${status}`,
  ]
  return parts.filter((part) => part !== undefined).join(' · ')
}
