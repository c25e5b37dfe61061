import {
  groupsNamed,
  type MappingRules,
  organizationRoles,
  type RuleProblem,
  RulesError,
  systemRoles,
} from '../../mapping/index.js'
import type { VersionedRules } from '../../stores/access-store.js'
import { storeErrorKind } from '../../stores/errors.js'
import { noRulesLeft } from '../reports/findings.js'
import { missingGroups, namesOfGroups } from '../reports/groups.js'
import { previewRules } from '../reports/preview.js'
import { readStatus, type Status } from '../reports/status.js'
import { isNothing, rulesBetween } from '../rules/difference.js'
import type { GroupName } from '../rules/groups.js'
import { ownWorkspaces } from '../rules/own-workspaces.js'
import { RulesConflict, readDraft, saveDraft } from '../rules/save.js'
import { noSuchButton } from './buttons.js'
import {
  type Draft,
  digestOf,
  draftFrom,
  draftOf,
  inputOf,
  missingParts,
  type Section,
  sections,
  withGroupNamed,
  withoutRow,
  withRow,
  withRules,
} from './draft.js'
import { html, type Part } from './html.js'
import { notInForceBanner, page } from './layout.js'
import { projectList, projectNames, withProjectIds } from './project-names.js'
import type { Choices } from './views/cells.js'
import { welcomePanel } from './views/connect.js'
import { editor, type LossToConfirm } from './views/editor.js'
import { conflictPanel, notice, outcome, previewPanel, statusStrip } from './views/panels.js'
import type { PageAnswer, PageRequest } from './visit.js'

const maxSuggestions = 1_000

/** What the editor shows next to the draft. */
interface Shown {
  readonly draft: Draft
  readonly problems?: readonly RuleProblem[]
  readonly added?: Section
  readonly panel?: Part
  readonly isPreviewed?: boolean
  readonly loss?: LossToConfirm
  readonly isSaved?: boolean
  /** Shown above the form. */
  readonly notice?: Part
  readonly status?: number
}

/** `GET`: the saved rules in the editor. */
export async function showMapping(pageRequest: PageRequest): Promise<PageAnswer> {
  const { rules, version } = await pageRequest.context.adapters.access.rules(pageRequest.scope)
  const isSaved = pageRequest.query.get('saved') === version
  return show(pageRequest, {
    draft: draftOf(rules, version),
    isSaved: true,
    notice: isSaved && outcome('good', 'Saved.'),
  })
}

/** `POST`: does what the pressed button says (`do`), by default a preview. */
export async function changeMapping(pageRequest: PageRequest): Promise<PageAnswer> {
  const draft = withProjectIds(
    draftFrom(pageRequest.form),
    await projectList(pageRequest.context, pageRequest.scope),
  )
  const [action = 'preview', section, index] = (pageRequest.form.get('do') ?? 'preview').split(':')
  const table = sections.find((name) => name === section)
  if (action === 'add' && table)
    return show(pageRequest, { draft: withRow(draft, table), added: table })
  if (action === 'remove' && table) {
    return show(pageRequest, { draft: withoutRow(draft, table, Number(index)) })
  }
  const current = await pageRequest.context.adapters.access.rules(pageRequest.scope)
  const meant = withMeantName(draft, pageRequest.form.get('do') ?? '')
  if (action === 'rebase' || action === 'merge') {
    const { version, rules } = current
    const rebased = { ...(action === 'merge' ? withRules(meant, rules) : meant), version }
    return preview(pageRequest, rebased, current)
  }
  if (meant.version !== current.version) return conflict(pageRequest, meant, current)
  return action === 'save'
    ? save(pageRequest, meant, current)
    : preview(pageRequest, meant, current)
}

/** Shows the draft of an ended session again after the next sign-in. Nothing is saved by that. */
export function showKeptDraft(pageRequest: PageRequest): Promise<PageAnswer> {
  return show(pageRequest, {
    draft: draftFrom(pageRequest.form),
    notice: outcome(
      'warn',
      'Your session had ended. Here is what you typed; nothing is saved yet.',
    ),
  })
}

/** `meant:["typed","meant"]`: the button of a suggested name. */
function withMeantName(draft: Draft, action: string): Draft {
  const [, text] = /^meant:(\[.*\])$/s.exec(action) ?? []
  if (text === undefined) return draft
  const [name, meant] = parsedNames(text)
  return withGroupNamed(draft, name, meant)
}

function parsedNames(text: string): readonly [string, string] {
  try {
    const [name, meant] = JSON.parse(text) as unknown[]
    return [String(name), String(meant)]
  } catch {
    throw noSuchButton()
  }
}

/** @param isRefused a large loss was to be saved without the confirmation */
async function preview(
  pageRequest: PageRequest,
  draft: Draft,
  current: VersionedRules,
  isRefused = false,
): Promise<PageAnswer> {
  const { context, scope, layout } = pageRequest
  const read = await judged(pageRequest, draft, current)
  if ('problems' in read) return show(pageRequest, { draft, problems: read.problems, status: 400 })
  const change = { before: current.rules, after: read.rules }
  const result = await previewRules(context, scope, change)
  const names = await projectNames(context, scope)
  const difference = rulesBetween(change.before, change.after)
  const panel = previewPanel(layout, { preview: result, difference, names, isRefused })
  const isSaved = isNothing(difference)
  const { warning, losingAccess } = result
  const loss = warning !== undefined && { loss: { people: losingAccess, isRefused } }
  return show(pageRequest, { draft, panel, isPreviewed: !isSaved, isSaved, ...loss })
}

/** Saves only what was previewed. A large loss must be confirmed as well. */
async function save(
  pageRequest: PageRequest,
  draft: Draft,
  current: VersionedRules,
): Promise<PageAnswer> {
  const { context, scope, form, layout } = pageRequest
  if (form.get('previewed') !== digestOf(draft)) return preview(pageRequest, draft, current)
  const read = await judged(pageRequest, draft, current)
  if ('problems' in read) return show(pageRequest, { draft, problems: read.problems, status: 400 })
  const { warning, losingAccess } = await previewRules(context, scope, {
    before: current.rules,
    after: read.rules,
  })
  // Groups may have got members since the administrator confirmed.
  const confirmed = Number(form.get('confirm')) || 0
  if (warning !== undefined && losingAccess > confirmed) {
    return preview(pageRequest, draft, current, true)
  }
  try {
    const input = inputOf(draft)
    const saved = await saveDraft(context, scope, { input, expectedVersion: draft.version })
    return { redirect: savedPath(layout, saved.version) }
  } catch (error) {
    if (error instanceof RulesConflict) return conflict(pageRequest, draft, error.current)
    throw error
  }
}

/** The rules in a draft, or the problems that make it invalid. */
async function judged(
  { context, scope }: PageRequest,
  draft: Draft,
  current: VersionedRules,
): Promise<{ readonly rules: MappingRules } | { readonly problems: readonly RuleProblem[] }> {
  try {
    return { rules: await readDraft(context, scope, { input: inputOf(draft), current }) }
  } catch (error) {
    if (error instanceof RulesError) return { problems: problemsIn(draft, error) }
    if (storeErrorKind(error) !== 'unavailable') throw error
    return { problems: [{ row: 'Workspaces and projects', message: (error as Error).message }] }
  }
}

/** Says of rows with a gap what is missing, in the words of the page. */
function problemsIn(draft: Draft, { problems }: RulesError): readonly RuleProblem[] {
  const missing = missingParts(draft)
  const rows = new Set(missing.map(({ row }) => row))
  return [...missing, ...problems.filter(({ row }) => !rows.has(row))]
}

/**
 * A draft of rules that are no longer the saved ones. It may be the same form again, after a double
 * click or "back": then its rules are the saved ones.
 */
async function conflict(
  pageRequest: PageRequest,
  draft: Draft,
  current: VersionedRules,
): Promise<PageAnswer> {
  const { layout } = pageRequest
  const read = await judged(pageRequest, draft, current)
  if ('problems' in read) {
    const { problems } = read
    return show(pageRequest, { draft, problems, panel: conflictPanel(layout), status: 409 })
  }
  const difference = rulesBetween(current.rules, read.rules)
  if (isNothing(difference)) return { redirect: savedPath(layout, current.version) }
  return show(pageRequest, { draft, panel: conflictPanel(layout, difference), status: 409 })
}

function savedPath({ base }: PageRequest['layout'], version: string): string {
  return `${base}?saved=${encodeURIComponent(version)}`
}

async function show(pageRequest: PageRequest, shown: Shown): Promise<PageAnswer> {
  const { context, scope, layout } = pageRequest
  const [status, choices, noRules] = await Promise.all([
    readStatus(context, scope),
    choicesFor(pageRequest, shown.draft),
    noRulesLeft(context, scope),
  ])
  const content = html`<h1>Group mapping</h1>
<p class="quiet">What members of the identity provider’s groups get in Label Studio.</p>
${notInForceBanner(layout)}
${noRules !== undefined && notice('warn', noRules)}
${shown.notice}
${isNew(status) ? welcomePanel(layout) : statusStrip(layout, status)}
${choices.failure !== undefined && notice('bad', choices.failure)}
${editor({ layout, problems: [], ...shown, choices })}`
  return {
    status: shown.status ?? 200,
    page: page(layout, { title: 'Group mapping', tab: 'mapping', content }),
  }
}

function idsByName(
  pushed: readonly GroupName[],
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const found = pushed.filter(({ displayName }) => wanted.has(displayName))
  return new Map(found.map(({ displayName, id }) => [displayName, id]))
}

/** True if no identity provider has called, no rules were saved, and no work is in progress. */
function isNew({
  lastContact,
  rulesVersion,
  paused,
  pending,
  failed,
  fanningOut,
}: Status): boolean {
  const isIdle = !paused && pending + failed + fanningOut === 0
  return lastContact === undefined && rulesVersion === '0' && isIdle
}

async function choicesFor(
  { context, scope }: PageRequest,
  draft: Draft,
): Promise<Choices & { readonly failure?: string }> {
  const pushed = await namesOfGroups(context, scope)
  const named = groupsNamed(draftRules(draft)).filter((name) => name.trim() !== '')
  const missing = await missingGroups(context, named, pushed)
  const { allowSystemRoles } = context.policy
  const [workspaces, projects] = await Promise.all([
    titlesOf(context, scope).catch(() => 'failed' as const),
    context.projects?.(scope).catch(() => 'failed' as const),
  ])
  const isComplete = workspaces !== 'failed' && projects !== 'failed'
  return {
    roles: organizationRoles.filter((role) => allowSystemRoles || !systemRoles.includes(role)),
    groupIds: idsByName(pushed, new Set(named)),
    groups: pushed.slice(0, maxSuggestions).map(({ displayName }) => displayName),
    missing: new Map(missing.map(({ name, nearMisses }) => [name, nearMisses])),
    ...(workspaces && workspaces !== 'failed' && { workspaces }),
    ...(projects && projects !== 'failed' && { projects }),
    ...(!isComplete && { failure: 'Label Studio cannot list its workspaces and projects now.' }),
  }
}

/** Titles of the host's workspaces, or of the workspaces kept here. */
async function titlesOf(
  context: PageRequest['context'],
  scope: PageRequest['scope'],
): Promise<readonly string[] | undefined> {
  const own = await ownWorkspaces(context, scope)
  if (own) return (await own.list(scope)).map(({ title }) => title)
  return context.workspaces?.(scope)
}

/** The draft as rules without any check. Only the names of groups are used. */
function draftRules(draft: Draft): MappingRules {
  return inputOf(draft) as MappingRules
}
