import { countOf, numberText } from '../../numbers.js'
import type { GroupReport, GroupsPage, GroupsReport, PushedGroup } from '../../reports/groups.js'
import { exactName, type Html, html, type Part } from '../html.js'
import { badge, type Layout, pager } from '../layout.js'
import type { NameProjects } from '../project-names.js'
import { ruleLink } from './rule-link.js'

/** The pushed groups and the rules that name them. */
export function groupsView(layout: Layout, report: GroupsReport, page: GroupsPage): Html {
  const { search = '', onlyUnmapped, offset, limit } = page
  const query = new URLSearchParams(search ? { search } : {})
  if (onlyUnmapped) query.set('only', 'unmapped')
  return html`<h1>Groups</h1>
<p class="quiet">Groups give access through rules that name them exactly. What only resembles a name gives nothing, and is shown here.</p>
${report.missing.length > 0 && missingCard(report)}
<form class="search" role="search" action="${layout.base}/groups">
<label for="search" class="unseen">Name of a group</label>
<input type="search" id="search" name="search" value="${search}" placeholder="Name of a group" autocomplete="off">
<label class="check"><input type="checkbox" name="only" value="unmapped"${onlyUnmapped && html` checked`}> only those without rules</label>
<button class="button">Search</button>
</form>
${report.groups.length === 0 ? html`<p class="empty card">No groups.</p>` : groupsTable(layout, report)}
${pager({ path: `${layout.base}/groups`, query, offset, limit, total: report.totalResults })}`
}

function missingCard({ missing }: GroupsReport): Html {
  return html`<section class="panel warn" aria-labelledby="missing-title"><h2 id="missing-title">Named in rules, never pushed</h2>
<ul>${missing.map(
    ({ name, nearMisses }) =>
      html`<li><q>${exactName(name)}</q>${nearMisses.length > 0 && html` <span class="quiet">similar: ${quoted(nearMisses)}</span>`}</li>`,
  )}</ul></section>`
}

function groupsTable(layout: Layout, { groups }: GroupsReport): Html {
  return html`<div class="card flush scroll" role="region" aria-label="Groups" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Group</th><th scope="col">Members</th><th scope="col">Rules</th><th scope="col">Perhaps meant</th></tr></thead>
<tbody>${groups.map(
    (
      group,
    ) => html`<tr><th scope="row"><a href="${groupPath(layout, group.id)}">${exactName(group.displayName)}</a></th><td data-label="Members">${group.members !== undefined && numberText(group.members)}</td><td data-label="Rules">${group.mapped ? ruleLinks(layout, group) : badge('plain', 'None')}</td><td data-label="Perhaps meant">${group.nearMisses.length > 0 && quoted(group.nearMisses)}</td></tr>
`,
  )}</tbody></table></div>`
}

function quoted(names: readonly string[]): Part {
  return names.map((name, index) => [index > 0 && ', ', html`<q>${exactName(name)}</q>`])
}

function groupPath(layout: Layout, id: string): string {
  return `${layout.base}/groups/${encodeURIComponent(id)}`
}

function ruleLinks(layout: Layout, { gives, rules }: PushedGroup): Part {
  return gives.map((text, index) => [index > 0 && ', ', ruleLink(layout, rules[index] ?? '', text)])
}

/** The data of the page about one group. */
export interface GroupView {
  readonly group: GroupReport
  readonly names: NameProjects
  readonly offset: number
  readonly limit: number
}

/** One group: the rules that name it, and its members. */
export function groupView(layout: Layout, { group, names, offset, limit }: GroupView): Html {
  const { displayName, members, memberPage, gives, rules } = group
  const total = members ?? offset + memberPage.length
  return html`<p class="back"><a href="${layout.base}/groups">Groups</a></p>
<h1>${exactName(displayName)}</h1>
<p class="quiet">${members === undefined ? 'A pushed group' : countOf(members, 'member', 'members')}</p>
<section class="card" aria-labelledby="gives-title"><h2 id="gives-title">What its members get</h2>
${
  gives.length === 0
    ? html`<p class="empty">No rule names this group.${group.nearMisses.length > 0 && [' Perhaps it is meant by ', quoted(group.nearMisses), '.']}</p>`
    : html`<ul>${gives.map((text, index) => html`<li>${ruleLink(layout, rules[index] ?? '', names(text))}</li>`)}</ul>`
}
</section>
<section class="card" aria-labelledby="members-title"><h2 id="members-title">Members</h2>
${memberPage.length === 0 ? html`<p class="empty">Nobody.</p>` : memberList(layout, group)}
<p><a href="${layout.base}/people?${new URLSearchParams({ group: displayName }).toString()}">With their roles and states</a></p>
${pager({ path: groupPath(layout, group.id), query: new URLSearchParams(), offset, limit, total })}
</section>`
}

function memberList(layout: Layout, { memberPage }: GroupReport): Html {
  return html`<ul class="names">${memberPage.map(({ id, type, name }) => {
    const list = type === 'Group' ? 'groups' : 'people'
    const path = `${layout.base}/${list}/${encodeURIComponent(id)}`
    return html`<li><a href="${path}">${name}</a>${type === 'Group' && html` <span class="quiet">(group)</span>`}</li>`
  })}</ul>`
}
