import { describeGrant, membershipsOf, organizationRoles } from '../../../mapping/index.js'
import type { StoredAuditEntry } from '../../../stores/audit-store.js'
import { countOf, numberText } from '../../numbers.js'
import type { PersonDrift } from '../../reports/drift.js'
import type { Explanation } from '../../reports/explain.js'
import type { PeopleRequest } from '../../reports/find-people.js'
import type { PeoplePage, PersonSummary, Standing } from '../../reports/people.js'
import { type Html, html, type Part } from '../html.js'
import { badge, formToken, instant, type Layout, notInForceBanner, pager } from '../layout.js'
import type { NameProjects } from '../project-names.js'
import { copyField } from './copy-field.js'
import { logTable } from './log.js'
import { ruleLink } from './rule-link.js'
import { wayPicture } from './way.js'

const standings: Readonly<Record<Standing, readonly ['good' | 'bad' | 'busy' | 'plain', string]>> =
  {
    active: ['good', 'Has access'],
    invited: ['busy', 'Has not signed up'],
    deprovisioned: ['plain', 'No access'],
    pending: ['busy', 'Updating'],
    failed: ['bad', 'Failed'],
    unknown: ['plain', 'Not yet applied'],
  }

type Choices = readonly (readonly [value: string, label: string])[]

const states: Choices = [
  ['', 'Any state'],
  ['access', 'Has access'],
  ['invited', 'Has not signed up'],
  ['deactivated', 'Deactivated'],
  ['waiting', 'Waiting to be updated'],
  ['failed', 'Failed'],
  ['listed', 'Unknown to the identity provider'],
]

const roles: Choices = [
  ['', 'Any role'],
  ...organizationRoles.map((role) => [role, role] as const),
  ['none', 'As in Label Studio'],
]

const orders: Choices = [
  ['', 'Oldest first'],
  ['name', 'By name'],
  ['changed', 'Last changed first'],
  ['state', 'By state'],
]

const notSent = badge('plain', 'Not from the identity provider')

const standing = (person: PersonSummary): Html => badge(...standings[person.standing])

/** The list of people and their access. */
export function peopleView(
  layout: Layout,
  view: {
    readonly page: PeoplePage
    readonly wanted: PeopleRequest
    readonly names: NameProjects
  },
): Html {
  const { page, wanted, names } = view
  const { offset, limit, ...query } = wanted
  const { sort: _, ...narrowed } = query
  const isNarrowed = Object.keys(narrowed).length > 0
  return html`<h1>People</h1>
<p class="quiet">Everybody whom the identity provider has sent, or Label Studio has, and what their groups give them.</p>
${notInForceBanner(layout)}
${searchForm(layout, wanted)}
<p class="quiet">${countOf(page.totalResults, 'person', 'people')}${page.lookedThrough !== undefined && html`, of the first ${numberText(page.lookedThrough)} looked at. Narrow the list to see the others.`}${isNarrowed && html` <a href="${layout.base}/people">Show everybody</a>`}</p>
${wanted.state === 'listed' && html`<p class="quiet">Label Studio has these accounts, and the identity provider has never sent these people: assigning and unassigning them there changes nothing here.</p>`}
${page.people.length === 0 ? html`<p class="empty card">${isNarrowed ? 'Nobody matches.' : 'Nobody has been sent yet.'}</p>` : peopleTable(layout, page.people, names)}
${pager({
  path: `${layout.base}/people`,
  query: new URLSearchParams(query),
  offset,
  limit,
  total: page.totalResults,
})}`
}

function searchForm(layout: Layout, { search, state, role, group, sort }: PeopleRequest): Html {
  return html`<form class="search" role="search" action="${layout.base}/people">
<label for="search" class="unseen">Name or address</label>
<input type="search" id="search" name="search" value="${search}" placeholder="Name or address" autocomplete="off">
<label for="group" class="unseen">In the group</label>
<input type="text" id="group" name="group" value="${group}" placeholder="In the group" autocomplete="off">
${choice('role', 'Role', { choices: roles, chosen: role })}
${choice('state', 'State', { choices: states, chosen: state })}
${choice('sort', 'Order', { choices: orders, chosen: sort })}
<button class="button">Search</button>
</form>`
}

interface Choice {
  readonly choices: Choices
  readonly chosen: string | undefined
}

function choice(name: string, label: string, { choices, chosen }: Choice): Html {
  return html`<label for="${name}" class="unseen">${label}</label>
<select id="${name}" name="${name}">${choices.map(
    ([value, text]) =>
      html`<option value="${value}"${value === chosen && html` selected`}>${text}</option>`,
  )}</select>`
}

function peopleTable(layout: Layout, people: readonly PersonSummary[], names: NameProjects): Html {
  return html`<div class="card flush scroll" role="region" aria-label="People" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Person</th><th scope="col">Role</th><th scope="col">Workspaces and projects</th><th scope="col">State</th></tr></thead>
<tbody>
${people.map(
  (
    person,
  ) => html`<tr><th scope="row"><a href="${layout.base}/people/${encodeURIComponent(person.id)}">${person.displayName}</a><br><span class="quiet">${person.email ?? person.userName}</span>${person.origin === 'listed' && html`<br>${notSent}`}</th>
<td data-label="Role">${roleOf(person)}</td><td data-label="In">${memberships(person, names)}</td><td data-label="State">${standing(person)}</td></tr>
`,
)}
</tbody></table></div>`
}

function roleOf({ access, active }: PersonSummary): Part {
  const { role } = access
  if (active) return role ?? html`<span class="quiet">as in Label Studio</span>`
  const isGiven = role !== null && role !== 'Deactivated'
  return html`<span class="quiet">deactivated${isGiven && `, else ${role}`}</span>`
}

const maxMemberships = 4

function memberships({ access }: PersonSummary, names: NameProjects): Part {
  if (!access.active) return undefined
  const given = membershipsOf(access).map((grant) =>
    grant.kind === 'workspace' ? grant.title : names(describeGrant(grant)),
  )
  const more = given.length - maxMemberships
  return [
    given.slice(0, maxMemberships).join(', '),
    more > 0 && html` <span class="quiet">and ${numberText(more)} more</span>`,
  ]
}

/** One person: their access and the reasons. */
export function personView(
  layout: Layout,
  view: {
    readonly person: Explanation
    /** Absent: not compared. */
    readonly drift?: { readonly found?: PersonDrift; readonly failure?: string }
    readonly canCompare: boolean
    readonly names: NameProjects
    readonly log: readonly StoredAuditEntry[]
    readonly notice?: Part
  },
): Html {
  const { person, log } = view
  return html`<p class="back"><a href="${layout.base}/people">People</a></p>
<h1>${person.displayName}</h1>
<p class="quiet">${person.email ?? person.userName}${person.email !== person.userName && person.email !== undefined && html` · ${person.userName}`}</p>
${view.notice}
${notInForceBanner(layout)}
<p class="strip">${standing(person)} ${person.origin === 'listed' && notSent} <span class="quiet">Last applied: ${instant(person.at)}</span></p>
${person.lastError !== undefined && html`<div class="panel bad"><p><strong>Last failure:</strong> ${person.lastError}</p></div>`}
${person.protection !== undefined && html`<div class="panel plain"><p><strong>Protected:</strong> ${person.protection}</p></div>`}
${person.invitation && signUpPanel(layout, person.invitation)}
${reasonsCard(layout, person, view.names)}
${stateCard(person, view.names)}
${compareCard(layout, view)}
<section class="card" aria-labelledby="log-title"><h2 id="log-title">Latest events</h2>
${log.length === 0 ? html`<p class="empty">Nothing yet.</p>` : logTable(log)}
<p><a href="${layout.base}/log?target=${encodeURIComponent(person.id)}">All events of this person</a></p>
</section>`
}

function signUpPanel(
  { labelStudioUrl }: Layout,
  { email, expires, path }: NonNullable<Explanation['invitation']>,
): Html {
  const isBelow = labelStudioUrl?.startsWith('/')
  const link = labelStudioUrl === undefined ? path : labelStudioUrl.replace(/\/$/, '') + path
  return html`<div class="panel plain"><p><strong>Sign-up link</strong> for ${email} alone, until ${instant(expires)}. Give it to nobody else.${labelStudioUrl === undefined && ' It follows the address of Label Studio.'}</p>
${copyField('sign-up-link', 'Sign-up link', { value: link, path: isBelow ? link : undefined })}</div>`
}

function reasonsCard(layout: Layout, person: Explanation, names: NameProjects): Html {
  const { access, active, reasons } = person
  return html`<section class="card" aria-labelledby="why-title"><h2 id="why-title">Access, and why</h2>
${!active && html`<p>The identity provider has deactivated this person: no access at all. What their groups would give is kept for their return.</p>`}
${active && !access.active && html`<p>No group gives this person a role any more, so access has ended.</p>`}
${active && access.active && access.role === null && html`<p>No rule gives this person an organization role; it stays as it is in Label Studio.</p>`}
${person.sees && html`<p><strong>${person.sees.sentence}</strong></p>`}
${reasons.length === 0 ? html`<p class="empty">No rule speaks of any of this person’s groups.</p>` : [wayPicture(person, names), reasonTable(layout, person, names)]}
${groupLine(layout, person)}
</section>`
}

function reasonTable(layout: Layout, { reasons }: Explanation, names: NameProjects): Html {
  return html`<div class="scroll" role="region" aria-label="Rules that apply" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Through group</th><th scope="col">By rule</th><th scope="col">What</th></tr></thead>
<tbody>
${reasons.map(
  ({
    gives,
    group,
    groupId,
    rule,
    outranked,
  }) => html`<tr${outranked && html` class="outranked"`}><td data-label="Through">${groupId === '' ? group : groupLink(layout, groupId, group)}</td><td data-label="By">${ruleLink(layout, rule)}</td><td>${names(gives)}${outranked && html` <span class="quiet">(a higher one wins)</span>`}</td></tr>
`,
)}
</tbody></table></div>`
}

function groupLine(layout: Layout, { groups }: Explanation): Html {
  if (groups.length === 0) return html`<p class="quiet">In no group.</p>`
  return html`<p class="quiet">In ${groups.length === 1 ? 'the group' : 'the groups'} ${groups.map(
    ({ id, displayName, direct }, index) => [
      index > 0 && ', ',
      groupLink(layout, id, displayName),
      !direct && ' (through another group)',
    ],
  )}.</p>`
}

function groupLink(layout: Layout, id: string, name: string): Html {
  return html`<a href="${layout.base}/groups/${encodeURIComponent(id)}">${name}</a>`
}

function stateCard(person: Explanation, names: NameProjects): Html {
  const list = (title: string, items: readonly string[], otherwise: string) =>
    html`<dt>${title}</dt><dd>${items.length > 0 ? html`<ul>${items.map((item) => html`<li>${names(item)}</li>`)}</ul>` : html`<span class="quiet">${otherwise}</span>`}</dd>`
  return html`<section class="card" aria-labelledby="state-title"><h2 id="state-title">In Label Studio</h2>
<dl class="facts">
${list(person.access.active ? 'Given by SCIM' : 'Kept, without effect', person.applied, 'nothing')}
${person.deferred.length > 0 && list('At the first sign-in', person.deferred, '')}
${person.recorded.length > 0 && list('Recorded, not in force', person.recorded, '')}
${list('Still to do', person.outstanding, 'nothing')}
${person.notes.length > 0 && list('Notes', person.notes, '')}
<dt>Account</dt><dd>${person.account ? html`${person.account.email ?? 'number'} ${`#${person.account.id}`} (${person.account.origin})` : html`<span class="quiet">not linked</span>`}</dd>
</dl>
</section>`
}

function compareCard(
  layout: Layout,
  view: Pick<Parameters<typeof personView>[1], 'person' | 'drift' | 'canCompare'>,
): Html {
  const path = `${layout.base}/people/${encodeURIComponent(view.person.id)}`
  return html`<section class="card" aria-labelledby="compare-title"><h2 id="compare-title">Compare and repair</h2>
<div class="row-of-buttons">
${view.canCompare && html`<a class="button" href="${path}?compare=1#compare-title">Compare with Label Studio now</a>`}
<form method="post" action="${path}">${formToken(layout)}<button class="button" name="do" value="reapply">Apply again</button></form>
</div>
${view.drift && driftResult(view.drift, layout)}
</section>`
}

function driftResult(
  { found, failure }: { found?: PersonDrift; failure?: string },
  { notInForce }: Layout,
): Html {
  if (failure !== undefined) return html`<p role="status" class="problem">${failure}</p>`
  if (!found) {
    const what =
      notInForce === undefined
        ? 'Label Studio has exactly what it should.'
        : 'The account is as it should be. Roles, workspaces and projects are not in force here.'
    return html`<p role="status">${what}</p>`
  }
  const list = (title: string, items: readonly string[]) =>
    items.length > 0 &&
    html`<dt>${title}</dt><dd><ul>${items.map((item) => html`<li>${item}</li>`)}</ul></dd>`
  return html`<dl class="facts" role="status">
${found.stillActive && html`<dt>Access</dt><dd>Should have ended, and has not.</dd>`}
${list('Missing', found.missing)}
${list('Different', found.different)}
${list('Given by hand', found.byHand)}
</dl>`
}
