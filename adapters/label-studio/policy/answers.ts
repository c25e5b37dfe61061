import { isObject } from '../../../lib/adapter/index.js'
import { openProjects, type PersonAccess, type Rank, rankIn, ranks } from './access.js'
import { accountOf, type Colleagues } from './colleagues.js'
import { carriesFiles, type Endpoint, type NeededRole, roleOfAction } from './endpoints.js'
import { narrowLabels, narrowLink } from './labels.js'
import {
  itemsOf,
  leftOut,
  shownColumns,
  shownMembership,
  shownProjects,
  withoutOwner,
} from './shown.js'

/** What is needed to change an answer. */
export interface AnswerContext {
  readonly person: PersonAccess
  readonly endpoint: Endpoint
  /** The project that the request names, if any. */
  readonly project: number | undefined
  readonly colleagues: Colleagues
}

type Change = (context: AnswerContext, body: unknown) => unknown

/** Returns the change that limits an answer to what the person may see. */
export function changeOf({ answer }: Endpoint): Change | undefined {
  return answer === undefined ? undefined : changes[answer]
}

/**
 * Selects the list items that the person sees. Items are filtered one at a time, so a list may have
 * any length.
 */
export function keepOf(context: AnswerContext): ((item: unknown) => boolean) | undefined {
  const { answer } = context.endpoint
  const keeps = answer === undefined ? undefined : keeping[answer]
  return keeps && ((item) => isObject(item) && keeps(context, item))
}

const keeping: Readonly<Record<string, (context: AnswerContext, item: Item) => boolean>> = {
  byProject: ({ person, endpoint }, { project }) =>
    rankIn(person, Number(project)) >= neededIn(endpoint.role),
  ownTabs: ({ person }, { project, user }) => {
    const rank = rankIn(person, Number(project))
    return rank >= ranks.MA || (rank >= ranks.AN && user === person.account)
  },
  ownWork: ({ person, project }, item) =>
    project !== undefined && (rankIn(person, project) >= ranks.RE || isOwnWork(person, item)),
}

const changes: Readonly<Record<string, Change>> = {
  byProject: (context, body) => withItems(body, (each) => keepOf(context)?.(each) ?? false),
  ownTabs: (context, body) => withItems(body, (each) => keepOf(context)?.(each) ?? false),
  labels: ({ person }, body) => narrowLabels(person, body),
  labelLinks: ({ person, endpoint }, body) => {
    const isOpen = (each: unknown) =>
      isObject(each) && rankIn(person, Number(each['project'])) >= neededIn(endpoint.role)
    if (isObject(body) && !Array.isArray(body['results'])) return narrowLink(body)
    return mapItems(withItems(body, isOpen), narrowLink)
  },
  project: (context, body) => shownProjects(context, body),
  membership: ({ person }, body) => shownMembership(person, body),
  ownWork: ({ person, project }, body) => {
    if (project === undefined) return undefined
    // The remembered id may be out of date and now belong to a task of another project.
    if (isObject(body) && !('tasks' in body) && body['project'] !== project) return undefined
    if (rankIn(person, project) >= ranks.RE) return body
    return ownWork(person, body)
  },
  people: async (context, body) => {
    const { person, colleagues } = context
    const named = itemsOf(body).filter(({ id }) => typeof id === 'number')
    const seen = await colleagues(named.map(accountOf))
    const isSeen = ({ id }: Item) =>
      typeof id === 'number' && (id === person.account || seen.has(id))
    const shown = (each: Item) =>
      withoutOwner(each['id'] === person.account ? each : withoutPrivate(each))
    if (Array.isArray(body)) return body.filter((each) => isObject(each) && isSeen(each)).map(shown)
    return isObject(body) && isSeen(body) ? shown(body) : undefined
  },
  whoami: ({ person }, body) => {
    if (!isObject(body)) return body
    const given = Array.isArray(body['permissions']) ? body['permissions'] : []
    return {
      ...withoutOwner(body),
      permissions: given.filter((each) => isPermitted(person, String(each))),
    }
  },
  actions: ({ person, project }, body) => {
    const rank = rankIn(person, project ?? -1)
    return withItems(body, (each) => rank >= ranks[roleOfAction(String(each['id']))])
  },
  columns: (context, body) => {
    const { person, project = -1 } = context
    return rankIn(person, project) >= ranks.RE ? body : shownColumns(context, body)
  },
  formats: (_context, body) => withItems(body, ({ name }) => !carriesFiles.test(String(name))),
  noToken: (_context, body) => without(body, ['token']),
  noSecrets: ({ person, project }, body) =>
    rankIn(person, project ?? -1) >= ranks.MA
      ? body
      : without(body, ['basic_auth_user', 'basic_auth_pass', 'auth_method', 'extra_params', 'url']),
}

/** Fields of a person that colleagues do not see. */
const privately = ['custom_hotkeys', 'allow_newsletters', 'date_joined', 'last_activity']

/** The older client of Label Studio's SDK cannot read a person without `phone`. */
function withoutPrivate(account: Item): Item {
  return { ...leftOut(account, privately), ...('phone' in account && { phone: '' }) }
}

type Item = Readonly<Record<string, unknown>>

/** Filters a list of objects. Any other answer is left out altogether. */
function withItems(body: unknown, isKept: (item: Item) => boolean): unknown {
  const keep = (list: readonly unknown[]) => list.filter((each) => isObject(each) && isKept(each))
  if (Array.isArray(body)) return keep(body)
  if (!isObject(body) || !Array.isArray(body['results'])) return undefined
  const results = keep(body['results'])
  const left = body['results'].length - results.length
  const count = typeof body['count'] === 'number' ? { count: body['count'] - left } : {}
  return { ...body, ...count, results }
}

/** Changes each item of a list or of a page of it. */
function mapItems(body: unknown, change: (item: Item) => unknown): unknown {
  const all = (list: readonly unknown[]) => list.filter(isObject).map(change)
  if (Array.isArray(body)) return all(body)
  return isObject(body) && Array.isArray(body['results'])
    ? { ...body, results: all(body['results']) }
    : undefined
}

function neededIn(role: NeededRole): Rank {
  return role === 'AN' || role === 'RE' || role === 'MA' ? ranks[role] : ranks.AD
}

/** Removes other people's annotations and drafts from a task or a page of tasks. */
function ownWork(person: PersonAccess, body: unknown): unknown {
  if (!isObject(body)) return undefined
  const { annotations, drafts, tasks } = body
  const isOwn = (each: unknown) => isOwnWork(person, each)
  return {
    ...body,
    ...('annotations_results' in body && { annotations_results: '' }),
    ...(Array.isArray(annotations) && { annotations: annotations.filter(isOwn) }),
    ...(Array.isArray(drafts) && { drafts: drafts.filter(isOwn) }),
    ...(Array.isArray(tasks) && { tasks: tasks.map((each) => ownWork(person, each)) }),
  }
}

/**
 * Annotations have `completed_by`, drafts have `user`. An item with neither counts as another
 * person's, because a query may leave fields out of the answer.
 */
function isOwnWork({ account, email }: PersonAccess, item: unknown): boolean {
  if (!isObject(item)) return false
  const author = item['completed_by'] ?? item['user']
  const id = isObject(author) ? author['id'] : author
  return id === account || (typeof id === 'string' && id.toLowerCase() === email)
}

function without(body: unknown, names: readonly string[]): unknown {
  if (Array.isArray(body)) return body.map((each) => without(each, names))
  return isObject(body) ? leftOut(body, names) : body
}

/** The lowest role that has each Label Studio permission. All others need an administrator. */
const permissionRanks: Readonly<Record<string, Rank>> = {
  'projects.view': ranks.AN,
  'tasks.view': ranks.AN,
  'annotations.create': ranks.AN,
  'annotations.view': ranks.AN,
  'annotations.change': ranks.AN,
  'annotations.delete': ranks.AN,
  'avatar.any': ranks.AN,
  'labels.create': ranks.AN,
  'labels.view': ranks.AN,
  'users.token.any': ranks.AN,
  'views.view': ranks.AN,
  'views.create': ranks.AN,
  'views.change': ranks.AN,
  'views.delete': ranks.AN,
  'projects.change': ranks.MA,
  'projects.delete': ranks.MA,
  'projects.reset_cache': ranks.MA,
  'tasks.create': ranks.MA,
  'tasks.change': ranks.MA,
  'tasks.delete': ranks.MA,
  'views.reset': ranks.MA,
  'actions.perform': ranks.MA,
  'predictions.any': ranks.MA,
  'labels.change': ranks.MA,
  'labels.delete': ranks.MA,
  'models.create': ranks.MA,
  'models.view': ranks.MA,
  'models.change': ranks.MA,
  'models.delete': ranks.MA,
  'webhooks.view': ranks.MA,
  'webhooks.change': ranks.MA,
  'storages.view': ranks.MA,
  'storages.change': ranks.MA,
  'storages.sync': ranks.MA,
}

function isPermitted(person: PersonAccess, permission: string): boolean {
  if (permission === 'projects.create') return person.rank >= ranks.MA
  const needed = Object.hasOwn(permissionRanks, permission) ? permissionRanks[permission] : ranks.AD
  return person.highest >= (needed ?? ranks.AD)
}

/** Projects where connecting an ML backend is refused: all, all but the page's project, or none. */
export type ModelsRefused = 'every' | 'others' | 'none'

/**
 * Hides the controls of a page that would be refused. This is needed because the page ignores
 * permissions.
 */
export function hideControls(
  person: PersonAccess,
  project: number | undefined,
  models: ModelsRefused,
): (html: string) => string {
  const hidden = ['a[href$="/organization"]', 'a[href$="/people"]']
  if (person.rank < ranks.MA) hidden.push('[aria-label="Create new project"]', ...homeButtons)
  else hidden.push(`${homeButtons[0]}:last-of-type`)
  if (person.highest < ranks.MA) hidden.push('a[href*="/projects/"][href$="/settings"]')
  else {
    for (const [each, rank] of person.given) {
      if (rank < ranks.MA) hidden.push(`a[href$="/projects/${each}/settings"]`)
    }
  }
  if (project !== undefined && rankIn(person, project) < ranks.MA) {
    hidden.push('[data-testid="dm-import-button"]', '[data-testid="dm-export-button"]')
  }
  // The application switches projects without loading a new page.
  const own = models === 'others' ? `body:not(:has(a[href*="/projects/${project}/settings"])) ` : ''
  if (models !== 'none') hidden.push(`${own}[aria-label="Add machine learning model"]`)
  const style = `<style>${hidden.join(',')}{display:none!important}</style>`
  return (html) => html.replace('</head>', () => `${style}</head>`)
}

/** "Create Project" and "Invite People" of the home page. */
const homeButtons = ['section button[data-look="outlined"][data-align="center"]']

/** Rewrites the query of an export so that it leaves out the files of the tasks. */
export function urlWithoutFiles(url: string): string {
  const [path = '', ...rest] = url.split('?')
  const query = new URLSearchParams(rest.join('?'))
  query.set('download_resources', 'false')
  return `${path}?${query}`
}

/** Maximum length of a URL. By default nginx refuses more than 8 KiB, Label Studio more than 16. */
const maxUrlLength = 8_000

/**
 * Limits a list of projects through the query, so that Label Studio counts and pages only those. If
 * the ids make the URL too long, the answer is filtered instead, and its pages have gaps.
 */
export function narrowedList(
  context: AnswerContext,
  url: string,
): { readonly url?: string; readonly answer: { change(body: unknown): unknown } } {
  const { person } = context
  const narrowed = narrowedUrl(person, url)
  if (narrowed.length <= maxUrlLength) {
    return { url: narrowed, answer: { change: (body) => shownProjects(context, body) } }
  }
  const isOpen = ({ id }: Item) => typeof id === 'number' && rankIn(person, id) > ranks.none
  return { answer: { change: (body) => shownProjects(context, withItems(body, isOpen)) } }
}

function narrowedUrl(person: PersonAccess, url: string): string {
  const [path = '', ...rest] = url.split('?')
  const query = new URLSearchParams(rest.join('?'))
  const asked = query.get('ids')
  query.delete('ids')
  const others = query.size > 0 ? `${query}&` : ''
  // An empty list of ids would return all projects.
  return `${path}?${others}ids=${idsOf(person, asked) || '-1'}`
}

function idsOf(person: PersonAccess, asked: string | null): string {
  if (!asked) return openProjects(person)
  const ids = new Set(asked.split(',').map(Number))
  return [...ids].filter((id) => rankIn(person, id) > ranks.none).join(',')
}
