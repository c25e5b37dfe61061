import type { RuleProblem } from '../../../mapping/index.js'
import { numberText } from '../../numbers.js'
import { type Draft, digestOf, type Section } from '../draft.js'
import { exactName, type Html, html, type Part } from '../html.js'
import { formToken, type Layout } from '../layout.js'
import { projectText } from '../project-names.js'
import { type Choices, projectCell, roleOptions, textCell } from './cells.js'

/** The data of the rule editor. */
export interface EditorView {
  readonly layout: Layout
  readonly draft: Draft
  readonly choices: Choices
  readonly problems: readonly RuleProblem[]
  /** The table of the row that was just added; its input gets the focus. */
  readonly added?: Section
  /** Shown above the tables, within the form: a preview or a conflict. */
  readonly panel?: Part
  /** Set if the panel is a preview of exactly this draft and there is something to save. */
  readonly isPreviewed?: boolean
  /** Set if saving needs a confirmation. */
  readonly loss?: LossToConfirm
  /** Set if the draft equals the saved rules. */
  readonly isSaved?: boolean
}

/** A loss of access that is saved only when it is confirmed. */
export interface LossToConfirm {
  readonly people: number
  /** Saving was refused, because the confirmation was missing. */
  readonly isRefused: boolean
}

const listNames = {
  roles: 'roles_groups',
  workspaces: 'workspaces_groups',
  projects: 'projects_groups',
} as const

/** The form with the three mapping tables. */
export function editor(view: EditorView): Html {
  const { layout, draft } = view
  return html`<form method="post" action="${layout.base}" class="editor" data-editor${view.isSaved && html` data-saved`}>
${formToken(layout)}
<input type="hidden" name="version" value="${draft.version}">
${view.isPreviewed && html`<input type="hidden" name="previewed" value="${digestOf(draft)}">`}
<button class="default" name="do" value="preview" tabindex="-1" aria-hidden="true">Preview changes</button>
${problemList(view)}
${view.panel}
<p class="filter" hidden data-filter><label for="filter">Show only rules with</label>
<input type="search" id="filter" autocomplete="off" spellcheck="false"></p>
${rolesSection(view)}
${workspacesSection(view)}
${projectsSection(view)}
${suggestions(view.choices)}
${actionBar(view)}
</form>`
}

/** One primary action: first to preview the changes, then to save them. */
function actionBar({ layout, loss, isPreviewed = false, isSaved = false }: EditorView): Html {
  return html`<div class="actions${!isSaved && ' ready'}" data-actions>
<div class="wide"${isPreviewed && html` hidden`} data-unseen>
<p class="quiet">Nothing changes until you have seen and confirmed the preview.</p>
<button class="button primary" name="do" value="preview">Preview changes</button>
</div>
${
  isPreviewed &&
  html`<div class="wide" data-previewed>
${loss ? confirmation(loss) : html`<p class="quiet">You have seen what changes. Edit the rules below, and you see it again.</p>`}
<p class="buttons"><a class="button" href="${layout.base}" data-discard>Discard</a><button class="button primary" name="do" value="save" data-save>Save rules</button></p>
</div>`
}
</div>`
}

/** Beside the button that saves, so that nobody looks for it. */
function confirmation({ people, isRefused }: LossToConfirm): Html {
  const who = people === 1 ? 'this person' : `these ${numberText(people)} people`
  return html`<div class="confirmation">
${isRefused && html`<p class="problem" id="unconfirmed" role="alert" tabindex="-1" autofocus>Nothing is saved yet. Confirm the loss of access, then save again.</p>`}
<p><label class="check"><input type="checkbox" name="confirm" value="${people}"${isRefused && html` aria-invalid="true" aria-describedby="unconfirmed"`}> I want ${who} to lose all access</label></p>
</div>`
}

function problemList({ problems }: EditorView): Part {
  if (problems.length === 0) return undefined
  return html`<div class="panel bad" role="alert" tabindex="-1" autofocus>
<h2>These rules cannot be saved</h2>
<ul>
${problems.map(
  ({ row, message }) => html`<li>${rowLink(row)}: ${message}</li>
`,
)}
</ul>
</div>`
}

const sectionOf: Readonly<Record<string, readonly [Section, string]>> = {
  roles_groups: ['roles', 'Organization role'],
  workspaces_groups: ['workspaces', 'Workspace'],
  projects_groups: ['projects', 'Project'],
}

/** Turns `roles_groups[2]` into a link to the third row of the first table. */
function rowLink(row: string): Part {
  const [, list = '', index = ''] = /^(\w+)\[(\d+)\]$/.exec(row) ?? []
  const [section, label] = sectionOf[list] ?? []
  if (section === undefined) return row
  return html`<a href="#${section}-${index}">${label} rule ${Number(index) + 1}</a>`
}

interface Table {
  readonly section: Section
  readonly title: string
  readonly about: Part
  readonly columns: readonly string[]
  readonly add: string
}

function rolesSection(view: EditorView): Html {
  const { draft, choices } = view
  const table: Table = {
    section: 'roles',
    title: 'Organization roles',
    about:
      'The role that members of a group get. If several apply, the highest wins: ' +
      'Administrator, Manager, Reviewer, Annotator. A group has one role; ' +
      'Owner cannot be given.',
    columns: ['Role', 'Group'],
    add: 'Add a role rule',
  }
  const row = (each: Draft['roles'][number], index: number | string, extra: Part) => {
    const isAdded = view.added === 'roles' && index === draft.roles.length - 1
    return [
      html`<select name="roles.role" aria-label="${labelOf('Role', 'roles', index)}"${isAdded && html` autofocus`}>${roleOptions(choices.roles, each.role)}</select>`,
      groupCell('roles', { group: each.group, index, extra }),
    ]
  }
  return section(view, table, {
    rows: draft.roles.map((each, index) => row(each, index, describedBy(view, 'roles', index))),
    blank: row({ role: 'Annotator', group: '' }, 'new', undefined),
  })
}

function workspacesSection(view: EditorView): Html {
  const { draft } = view
  const table: Table = {
    section: 'workspaces',
    title: 'Workspaces',
    about: [
      'The workspaces that members of a group belong to. ' +
        'Several groups may share a workspace, and a group may have several.',
      view.layout.hasWorkspaces &&
        html` Choose an existing workspace or type the title of a new one; <a href="${view.layout.base}/workspaces">Workspaces</a> has their projects.`,
    ],
    columns: ['Workspace', 'Group'],
    add: 'Add a workspace rule',
  }
  const row = (each: Draft['workspaces'][number], index: number | string, extra: Part) => [
    textCell({
      name: 'workspaces.title',
      label: labelOf('Workspace', 'workspaces', index),
      value: each.title,
      list: 'workspace-choices',
      focus: index === view.draft.workspaces.length - 1 && view.added === 'workspaces',
    }),
    groupCell('workspaces', { group: each.group, index, extra }),
  ]
  return section(view, table, {
    rows: draft.workspaces.map((each, index) =>
      row(each, index, describedBy(view, 'workspaces', index)),
    ),
    blank: row({ title: '', group: '' }, 'new', undefined),
  })
}

function projectsSection(view: EditorView): Html {
  const { draft, choices } = view
  const table: Table = {
    section: 'projects',
    title: 'Projects',
    about:
      'The projects that members of a group belong to, and as what. Inherit: ' +
      'as a member with the organization role. If several apply, Reviewer wins over Annotator, ' +
      'and Annotator over Inherit.',
    columns: ['Project', 'Group', 'Role'],
    add: 'Add a project rule',
  }
  const row = (each: Draft['projects'][number], index: number | string, extra: Part) => [
    projectCell(choices, {
      value: each.project,
      label: labelOf('Project', 'projects', index),
      rows: draft.projects.length,
      focus: index === draft.projects.length - 1 && view.added === 'projects',
    }),
    groupCell('projects', { group: each.group, index, extra }),
    html`<select name="projects.role" aria-label="${labelOf('Role', 'projects', index)}">${roleOptions(
      ['Reviewer', 'Annotator', 'Inherit'],
      each.role,
    )}</select>`,
  ]
  return section(view, table, {
    rows: draft.projects.map((each, index) =>
      row(each, index, describedBy(view, 'projects', index)),
    ),
    blank: row({ project: '', group: '', role: 'Inherit' }, 'new', undefined),
  })
}

function groupCell(
  section: Section,
  cell: { readonly group: string; readonly index: number | string; readonly extra: Part },
): Html {
  const { group, index, extra } = cell
  return textCell({
    name: `${section}.group`,
    label: labelOf('Group', section, index),
    value: group,
    list: 'group-choices',
    extra,
  })
}

function section(
  view: EditorView,
  table: Table,
  content: { readonly rows: readonly (readonly Part[])[]; readonly blank: readonly Part[] },
): Html {
  const { title, about, columns, add } = table
  const name = table.section
  return html`<section class="card" aria-labelledby="${name}-title" data-section="${name}">
<h2 id="${name}-title">${title}</h2>
<p class="quiet about">${about}</p>
<table class="rules">
<thead${content.rows.length === 0 && html` hidden`}><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}<th scope="col"><span class="unseen">Remove</span></th></tr></thead>
<tbody>
${content.rows.map((cells, index) => [
  ruleRow(view, table, { cells, index }),
  noteRow(view, table, index),
])}
</tbody>
</table>
${content.rows.length === 0 && html`<p class="empty" data-empty>No rules yet.</p>`}
<template>${ruleRow(view, table, { cells: content.blank, index: 'new' })}</template>
<button class="button" name="do" value="add:${name}" data-add>${add}</button>
</section>`
}

function ruleRow(
  view: EditorView,
  { section: name, columns }: Table,
  { cells, index }: { readonly cells: readonly Part[]; readonly index: number | string },
): Html {
  const isWrong = problemsOf(view, name, index).length > 0
  return html`<tr id="${name}-${index}"${isWrong && html` class="wrong"`}>${cells.map(
    (cell, column) => html`<td data-label="${columns[column]}">${cell}</td>`,
  )}<td class="end">${membersLink(view, name, index)}<button class="button small quiet" name="do" value="remove:${name}:${index}" aria-label="${`Remove ${ruleNames[name]} ${numberOf(index)}`}" data-remove>Remove</button></td></tr>
`
}

/** A link to the group that a rule names. */
function membersLink(view: EditorView, name: Section, index: number | string): Part {
  const group = typeof index === 'number' ? view.draft[name][index]?.group : undefined
  const id = group === undefined ? undefined : view.choices.groupIds.get(group)
  if (id === undefined) return undefined
  return html`<a class="button small quiet" href="${view.layout.base}/groups/${encodeURIComponent(id)}" aria-label="${`Members of ${group}`}">Members</a>`
}

/** The problems of a row, or suggestions for the name of its group. */
function noteRow(view: EditorView, { section: name, columns }: Table, index: number): Part {
  const problems = problemsOf(view, name, index)
  const hint = hintOf(view, name, index)
  if (problems.length === 0 && hint === undefined) return undefined
  return html`<tr class="note"><td colspan="${columns.length + 1}" id="${name}-${index}-note">
${problems.map(({ message }) => html`<p class="problem">${message}</p>`)}${hint}</td></tr>
`
}

function hintOf(view: EditorView, name: Section, index: number): Part {
  const group = view.draft[name][index]?.group ?? ''
  const near = view.choices.missing.get(group)
  if (near === undefined) return undefined
  return html`<p class="hint">No group of exactly this name has been pushed.${
    near.length > 0 && html` Did you mean ${meantButtons(group, near)}?`
  }</p>`
}

/** Buttons that replace a name by one of these in every rule. */
export function meantButtons(name: string, near: readonly string[]): Part {
  return near.map((each, at) => [
    at > 0 && ', ',
    html`<button class="link" name="do" value="${`meant:${JSON.stringify([name, each])}`}"><q>${exactName(each)}</q></button>`,
  ])
}

function describedBy(view: EditorView, name: Section, index: number): Part {
  const problems = problemsOf(view, name, index)
  if (problems.length === 0 && hintOf(view, name, index) === undefined) return undefined
  return html` aria-describedby="${name}-${index}-note"${problems.length > 0 && html` aria-invalid="true"`}`
}

function problemsOf(
  { problems }: EditorView,
  name: Section,
  index: number | string,
): readonly RuleProblem[] {
  const row = `${listNames[name]}[${index}]`
  return problems.filter((problem) => problem.row === row)
}

/** A label that is clear to a screen reader, with the name of its table. */
function labelOf(what: string, section: Section, index: number | string): string {
  return `${what}, ${ruleNames[section]} ${numberOf(index)}`
}

const ruleNames = {
  roles: 'role rule',
  workspaces: 'workspace rule',
  projects: 'project rule',
} as const

function numberOf(index: number | string): string {
  return typeof index === 'number' ? String(index + 1) : index
}

/** Suggestions for the inputs, which accept any other text as well. */
function suggestions({ groups, workspaces, projects }: Choices): Html {
  return html`<datalist id="group-choices">${groups.map((name) => html`<option value="${name}">`)}</datalist>
<datalist id="workspace-choices">${(workspaces ?? []).map((title) => html`<option value="${title}">`)}</datalist>
<datalist id="project-choices">${(projects ?? []).map(
    (project) => html`<option value="${projectText(project)}">`,
  )}</datalist>`
}
