import { countOf, numberText } from '../../numbers.js'
import { type Html, html, type Part } from '../html.js'
import { badge, formToken, type Layout, notInForceBanner, pager } from '../layout.js'
import { notice } from './panels.js'

/** A workspace in the list. */
export interface WorkspaceRow {
  readonly id: string
  readonly title: string
  /** Groups whose rules name it. */
  readonly groups: readonly string[]
  /** Titles of its projects. */
  readonly projects: readonly string[]
}

/** A project and its workspace. */
export interface ProjectPlace {
  readonly id: number
  readonly title: string
  /** Absent: not in a workspace. */
  readonly workspaceId: string | undefined
  /** Creator of a project that is not in a workspace yet. */
  readonly madeBy: string | undefined
}

/** The data of the page. */
export interface WorkspacesView {
  readonly notice: Part
  readonly workspaces: readonly WorkspaceRow[]
  /** One page of projects. */
  readonly places: readonly ProjectPlace[]
  readonly total: number
  /** Whether the host lists its projects; otherwise they are added by id. */
  readonly canList: boolean
  readonly failure?: string
  readonly search: string
  readonly only: 'none' | undefined
  readonly offset: number
  readonly limit: number
}

/** The workspaces that are kept here, and the workspace of each project. */
export function workspacesView(layout: Layout, view: WorkspacesView): Html {
  const { workspaces, failure } = view
  return html`<h1>Workspaces</h1>
<p class="quiet">Sets of projects, kept here because this Label Studio has none. <a href="${layout.base}#workspaces-title">Workspace rules</a> say which groups belong to them. Administrators see every project.</p>
${notInForceBanner(layout)}
${view.notice}
${failure !== undefined && notice('bad', failure)}
<section class="card" aria-labelledby="list-title"><h2 id="list-title">Workspaces</h2>
${workspaces.length === 0 ? html`<p class="empty">No workspaces yet.</p>` : workspaceTable(layout, workspaces)}
<form class="search" method="post" action="${layout.base}/workspaces">${formToken(layout)}
<label for="new-title" class="unseen">Title of the new workspace</label>
<input type="text" id="new-title" name="title" maxlength="255" required placeholder="Title of a new workspace" autocomplete="off">
<button class="button" name="do" value="create">Create workspace</button></form>
</section>
${workspaces.length > 0 && projectsCard(layout, view)}`
}

function workspaceTable(layout: Layout, workspaces: readonly WorkspaceRow[]): Html {
  return html`<div class="scroll" role="region" aria-label="Table of workspaces" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Title</th><th scope="col">Projects</th><th scope="col">Groups</th><th scope="col"><span class="unseen">Remove</span></th></tr></thead>
<tbody>${workspaces.map((each) => workspaceRow(layout, each))}</tbody></table></div>`
}

function workspaceRow(layout: Layout, { id, title, projects, groups }: WorkspaceRow): Html {
  const form = (content: Part) =>
    html`<form class="search" method="post" action="${layout.base}/workspaces">${formToken(layout)}<input type="hidden" name="id" value="${id}">${content}</form>`
  return html`<tr><td>${form(html`<input type="text" class="inline" name="title" value="${title}" maxlength="255" required aria-label="Title of ${title}" autocomplete="off"><button class="button small" name="do" value="rename" aria-label="Rename ${title}">Rename</button>`)}</td>
<td data-label="Projects">${projects.length === 0 ? html`<span class="quiet">none</span>` : someOf(projects)}</td>
<td data-label="Groups">${groups.length === 0 ? badge('plain', 'No rule') : someOf(groups)}</td>
<td class="end">${groups.length === 0 && form(html`<button class="button small quiet" name="do" value="remove" aria-label="Remove ${title}">Remove</button>`)}</td></tr>
`
}

const maxShown = 5

function someOf(names: readonly string[]): string {
  const more = names.length - maxShown
  return `${names.slice(0, maxShown).join(', ')}${more > 0 ? ` and ${numberText(more)} more` : ''}`
}

function projectsCard(layout: Layout, view: WorkspacesView): Html {
  const { places, total, search, only, offset, limit, canList } = view
  const query = new URLSearchParams(search ? { search } : {})
  if (only) query.set('only', only)
  const action = `${layout.base}/workspaces${query.size > 0 ? `?${query.toString()}` : ''}`
  return html`<section class="card" aria-labelledby="projects-title"><h2 id="projects-title">Projects</h2>
<p class="quiet about">A project is in one workspace at most. One in none is seen by Administrators, people with a rule for the project itself, and the Manager who made it.</p>
<form class="search" role="search" action="${layout.base}/workspaces">
<label for="search" class="unseen">Title or number of a project</label>
<input type="search" id="search" name="search" value="${search}" placeholder="Title or number of a project" autocomplete="off">
<label class="check"><input type="checkbox" name="only" value="none"${only && html` checked`}> only those in no workspace</label>
<button class="button">Search</button>
</form>
${places.length === 0 ? html`<p class="empty">No projects.</p>` : placesForm(layout, view, action)}
${pager({ path: `${layout.base}/workspaces`, query, offset, limit, total })}
${!canList && numberForm(layout, view, action)}
</section>`
}

function placesForm(layout: Layout, { places, workspaces, total }: WorkspacesView, action: string) {
  return html`<form method="post" action="${action}">${formToken(layout)}
<p class="quiet">${countOf(total, 'project', 'projects')}</p>
<div class="scroll" role="region" aria-label="Table of projects" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Project</th><th scope="col">Workspace</th></tr></thead>
<tbody>${places.map((each) => placeRow(each, workspaces))}</tbody></table></div>
<p class="buttons"><button class="button primary" name="do" value="place">Save workspaces of projects</button></p>
</form>`
}

function placeRow(
  { id, title, workspaceId, madeBy }: ProjectPlace,
  workspaces: readonly WorkspaceRow[],
): Html {
  return html`<tr><th scope="row">${title} <span class="quiet">(${id})</span>${
    madeBy !== undefined && html`<br>${badge('busy', `Made by ${madeBy}, waits for a workspace`)}`
  }</th>
<td data-label="Workspace"><input type="hidden" name="project" value="${id}"><input type="hidden" name="before" value="${workspaceId}"><select name="workspace" aria-label="Workspace of ${title}">${workspaceOptions(workspaces, workspaceId)}</select></td></tr>
`
}

function workspaceOptions(workspaces: readonly WorkspaceRow[], selected: string | undefined): Html {
  return html`<option value="">None</option>${workspaces.map(
    ({ id, title }) =>
      html`<option value="${id}"${id === selected && html` selected`}>${title}</option>`,
  )}`
}

function numberForm(layout: Layout, { workspaces }: WorkspacesView, action: string): Html {
  return html`<form class="search" method="post" action="${action}">${formToken(layout)}
<label for="number" class="unseen">Number of a project</label>
<input type="text" id="number" name="number" inputmode="numeric" required placeholder="Number of a project" autocomplete="off">
<label for="into" class="unseen">Workspace</label>
<select id="into" name="workspace">${workspaceOptions(workspaces, undefined)}</select>
<button class="button" name="do" value="put">Put into the workspace</button></form>`
}
